// Hand a workflow to the executors: a definition, checked as it is written, and a
// form for its params.

import { useEffect, useState } from "preact/hooks";
import { get, post, Problem, query, request } from "../api";
import { brief, plural } from "../format";
import { announce } from "../parts/announcer";
import { ErrorNote, Page } from "../parts/basic";
import { fieldOf, readField } from "../params";
import type { Field } from "../params";
import { runLink } from "../route";
import type { Route } from "../route";
import type { CheckedDefinition, JsonObject, StoredWorkflow } from "../types";

const CHECK_AFTER_MS = 300;
const EXAMPLE = `windlass: 1
name: hello
params:
  who: {type: string, default: world}
tasks:
  greet:
    type: shell
    params: {command: [echo, "Hello, \${{ params.who }}!"]}
`;

export const workflowPath = (name: string) => `/workflows/${encodeURIComponent(name)}`;

// `?workflow=NAME&version=N` begins with a stored definition.
export function SubmitPage({ route }: { route: Route }) {
  const [text, setText] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { checked, problem } = useCheck(text);
  const stored = useStored(route, setText, setFailure);
  const fields = (checked?.params ?? []).map(fieldOf);
  // A stored one that was not touched is submitted as what it is.
  const given = stored && stored.text === text
    ? { workflow: stored.name, version: stored.version } : { definition: text };
  const submit = async () => {
    setFailure(null);
    setBusy(true);
    try {
      const params = readFields(fields, values);
      const { run_id } = await post<{ run_id: string }>("/runs", { ...given, params });
      announce(`Run ${run_id} submitted`, "good");
      location.hash = runLink(run_id);
    } catch (error) {
      setFailure(error as Error);
      setBusy(false);
    }
  };
  const store = async () => {
    setFailure(null);
    try {
      const answer = await request("PUT", workflowPath(checked!.workflow),
        { body: { definition: text } });
      const { name, version } = await answer.json() as StoredWorkflow;
      announce(`${name} is stored as version ${version}`, "good");
    } catch (error) {
      setFailure(error as Error);
    }
  };
  return (
    <Page title="Submit a run">
      <form class="submit" onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}>
        <div class="field">
          <label for="definition">Definition, YAML or JSON</label>
          <textarea id="definition" rows={16} spellcheck={false} value={text}
            placeholder={EXAMPLE} aria-describedby="definition-state"
            onInput={(event) => setText(event.currentTarget.value)} />
          <div class="row">
            <label class="button file">Open a file
              <input type="file" accept=".yaml,.yml,.json" aria-label="Open a file"
                onChange={async (event) => {
                  const file = event.currentTarget.files?.[0];
                  if (file) setText(await file.text());
                }} />
            </label>
            {!text && (
              <button type="button" onClick={() => setText(EXAMPLE)}>Use an example</button>)}
            <span id="definition-state" class="muted" role="status">
              {checked && `${checked.workflow}: ${plural(
                Object.keys(checked.definition.tasks).length, "task")}, no problems`}
            </span>
          </div>
          {problem && <ErrorNote error={problem} />}
        </div>
        {fields.length > 0 && (
          <fieldset>
            <legend>Params</legend>
            {fields.map((field) => (
              <ParamField key={field.name} field={field} value={values[field.name] ?? field.initial}
                onChange={(value) => setValues({ ...values, [field.name]: value })} />))}
          </fieldset>)}
        {failure && <ErrorNote error={failure} />}
        <div class="row">
          <button type="submit" class="primary" disabled={!checked || isBusy}>Submit</button>
          <button type="button" disabled={!checked} onClick={() => void store()}>
            Store this workflow</button>
        </div>
      </form>
    </Page>
  );
}

// The stored workflow that the address names, once it is there.
function useStored(
  route: Route, setText: (text: string) => void, setFailure: (error: Error) => void,
) {
  const name = route.query.get("workflow") ?? "";
  const version = route.query.get("version") ?? "";
  const [stored, setStored] = useState<
    { name: string; version: number; text: string } | null>(null);
  useEffect(() => {
    if (!name) return;
    const abort = new AbortController();
    get<StoredWorkflow>(workflowPath(name) + query({ version }), abort.signal).then((found) => {
      const text = JSON.stringify(found.definition, null, 2);
      setStored({ name, version: found.version, text });
      setText(text);
    }, (error: Error) => {
      if (!abort.signal.aborted) setFailure(error);
    });
    return () => abort.abort();
  }, [name, version]);
  return stored;
}

function readFields(fields: Field[], values: Record<string, string>): JsonObject {
  const params: JsonObject = {};
  for (const field of fields) {
    const value = readField(field, values[field.name] ?? field.initial);
    if (value !== undefined) params[field.name] = value;
  }
  return params;
}

// What the server says of the text, a moment after it was changed.
function useCheck(text: string) {
  const [state, setState] = useState<{
    checked: CheckedDefinition | null; problem: Error | null;
  }>({ checked: null, problem: null });
  useEffect(() => {
    if (!text.trim()) {
      setState({ checked: null, problem: null });
      return;
    }
    let isOld = false;
    const timer = setTimeout(async () => {
      try {
        const checked = await post<CheckedDefinition>("/definitions/check", { definition: text });
        if (!isOld) setState({ checked, problem: null });
      } catch (error) {
        if (!isOld) setState({ checked: null, problem: error as Problem });
      }
    }, CHECK_AFTER_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [text]);
  return state;
}

function ParamField(
  { field, value, onChange }: {
    field: Field; value: string; onChange: (value: string) => void;
  },
) {
  const id = `param-${field.name}`;
  return (
    <div class="field">
      <label for={id}>{field.name}
        <span class="muted"> {field.type}{field.isRequired ? ", required" : ""}</span></label>
      <ParamInput id={id} field={field} value={value} onChange={onChange} />
      {field.description && <small class="muted">{field.description}</small>}
    </div>
  );
}

function ParamInput(
  { id, field, value, onChange }: {
    id: string; field: Field; value: string; onChange: (value: string) => void;
  },
) {
  if (field.options) {
    return (
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {!field.isRequired || value ? null : <option value="">Choose…</option>}
        {field.options.map((one) => <option key={one} value={one}>{brief(one)}</option>)}
      </select>
    );
  }
  if (field.isJson) {
    return (
      <textarea id={id} rows={3} spellcheck={false} value={value}
        onInput={(event) => onChange(event.currentTarget.value)} />
    );
  }
  const common = {
    id, value, required: field.isRequired,
    onInput: (event: { currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
  };
  if (field.type === "string") return <input type="text" {...common} />;
  return <input type="number" step={field.type === "integer" ? 1 : "any"} {...common} />;
}
