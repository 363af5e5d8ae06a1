"""A Windlass task in Python: the most frequent words, as a table of text.

It shows what survives an attempt: the words ranked so far are saved, so that
an attempt that follows a crash goes on where the last one stopped.
"""

import windlass


def rank(task):
    counts = task.args["counts"]
    if not counts:
        raise windlass.FinalError("there are no words to rank",
                                  type="EmptyInput")
    ranked = task.load("ranked", default=[])
    words = sorted(counts, key=lambda word: (-counts[word], word))
    words = words[:task.args["limit"]]
    for word in words[len(ranked):]:
        task.raise_if_cancelled()
        ranked.append(f"{counts[word]:5} {word}")
        task.save("ranked", ranked)
        task.progress(len(ranked) / len(words), word)
        print("ranked", word)
    return "\n".join(ranked)


windlass.serve(rank)
