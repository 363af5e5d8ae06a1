// Hand a workflow to the executors: a definition, checked as it is written, and a
// form for its params.

import { useEffect, useState } from "preact/hooks";
import { post, Problem } from "../api";
import { brief, number } from "../format";
import { announce } from "../parts/announcer";
import { ErrorNote, Page } from "../parts/basic";
import { fieldOf, readField } from "../params";
import type { Field } from "../params";
import { runLink } from "../route";
import type { CheckedDefinition, JsonObject } from "../types";

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

export function SubmitPage() {
  const [text, setText] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { checked, problem } = useCheck(text);
  const fields = (checked?.params ?? []).map(fieldOf);
  const submit = async () => {
    setFailure(null);
    setBusy(true);
    try {
      const params = readFields(fields, values);
      const { run_id } = await post<{ run_id: string }>("/runs", { definition: text, params });
      announce(`Run ${run_id} submitted`, "good");
      location.hash = runLink(run_id);
    } catch (error) {
      setFailure(error as Error);
      setBusy(false);
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
              {checked && `${checked.workflow}: ${number(
                Object.keys(checked.definition.tasks).length)} tasks, no problems`}
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
        </div>
      </form>
    </Page>
  );
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
