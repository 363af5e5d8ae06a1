// The form of a workflow's params: how a field of it stands for a value. Values
// in, values out.

import type { CheckedDefinition, Json } from "./types";

export interface Field {
  name: string;
  type: string;
  description: string;
  initial: string;
  isRequired: boolean;
  isJson: boolean;  // The text is JSON; otherwise it is the value as it is.
  options: string[] | null;
}

export function fieldOf(param: CheckedDefinition["params"][number]): Field {
  const { schema } = param;
  const type = typeof schema.type === "string" ? schema.type : "any";
  const isJson = !["string", "integer", "number", "boolean"].includes(type);
  const show = (value: Json) => (type === "string" ? String(value) : JSON.stringify(value));
  const options = Array.isArray(schema.enum) ? schema.enum.map(show)
    : type === "boolean" ? ["true", "false"] : null;
  return {
    name: param.name, type, isJson, options,
    description: typeof schema.description === "string" ? schema.description : "",
    initial: param.default === undefined ? "" : show(param.default),
    isRequired: param.default === undefined,
  };
}

// Undefined: nothing is given, the default holds. Throws when it is not JSON.
export function readField(field: Field, text: string): Json | undefined {
  if (field.type === "string") return text === "" && !field.isRequired ? undefined : text;
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Error(`${field.name}: expected ${field.isJson ? "JSON" : `a ${field.type}`}`);
  }
}
