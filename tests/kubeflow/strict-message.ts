import { Enum, type Field, type Root, Type } from 'protobufjs';

/**
 * What is wrong with a value as the JSON of a message, as strictly as the API server reads it: no unknown key, no value of another kind.
 * https://protobuf.dev/programming-guides/json/
 */
export function mistakes(value: unknown, type: Type, at = type.name): string[] {
  switch (type.fullName) {
    case '.google.protobuf.Struct':
      return isObject(value) ? [] : [`${at}: no object`];
    case '.google.protobuf.Value':
      return [];
    case '.google.protobuf.Duration':
      return typeof value === 'string' && /^\d+(\.\d{1,9})?s$/.test(value)
        ? []
        : [`${at}: no duration`];
  }
  if (!isObject(value)) {
    return [`${at}: no message`];
  }
  const fields = new Map(type.fieldsArray.map(field => [jsonName(field.name), field]));
  const oneofs = type.oneofsArray.filter(each => each.oneof.length > 1);
  return [
    ...Object.entries(value).flatMap(([key, each]) => {
      const field = fields.get(key);
      return field === undefined
        ? [`${at}: unknown key ${key}`]
        : fieldMistakes(each, field.resolve(), `${at}.${key}`);
    }),
    ...oneofs
      .filter(each => each.oneof.filter(name => jsonName(name) in value).length > 1)
      .map(each => `${at}: more than one of ${each.name}`)
  ];
}

/** A type of the schemas. */
export function typeOf(root: Root, name: string): Type {
  return root.lookupType(name);
}

function fieldMistakes(value: unknown, field: Field, at: string): string[] {
  if (field.repeated && !isMap(field)) {
    return Array.isArray(value)
      ? value.flatMap((each, index) => single(each, field, `${at}[${index}]`))
      : [`${at}: no list`];
  }
  return single(value, field, at);
}

function single(value: unknown, field: Field, at: string): string[] {
  const resolved = field.resolvedType;
  if (resolved instanceof Type) {
    // Of a map a descriptor says that it is a list of messages with a key and a value.
    return isMap(field) ? entries(value, resolved, at) : mistakes(value, resolved, at);
  }
  if (resolved instanceof Enum) {
    return typeof value === 'string' && value in resolved.values
      ? []
      : [`${at}: no ${resolved.name}`];
  }
  const fits: Readonly<Record<string, boolean>> = {
    string: typeof value === 'string',
    bool: typeof value === 'boolean',
    double: typeof value === 'number',
    int32: Number.isInteger(value),
    // Too large for a JSON number in general: the server writes texts, and so do we.
    int64: typeof value === 'string' && /^-?\d+$/.test(value)
  };
  return fits[field.type] ? [] : [`${at}: no ${field.type}`];
}

function isMap(field: Field): boolean {
  return field.resolvedType?.name === `${jsonName(`_${field.name}`)}Entry`;
}

function entries(value: unknown, entry: Type, at: string): string[] {
  const field = entry.fields.value.resolve();
  return isObject(value)
    ? Object.entries(value).flatMap(([key, each]) => single(each, field, `${at}[${key}]`))
    : [`${at}: no map`];
}

function jsonName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
