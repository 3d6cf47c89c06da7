'use strict';
const at = id => document.getElementById(id);

/** Makes an element; texts are texts, never markup. */
function make(name, attributes, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...content.flat().filter(each => each !== null && each !== undefined));
  return element;
}

let description;

function resolve(thing) {
  let found = thing;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split('/').reduce((node, key) => node[key], description);
  }
  return found || {};
}

const nameOf = schema => schema.$ref ? schema.$ref.split('/').pop() : '';

/** The type of a schema in a few words, with links to those that have a name. */
function typeOf(schema) {
  if (schema.$ref) return make('a', {href: '#schema-' + nameOf(schema)}, nameOf(schema));
  if (schema.anyOf) {
    const types = [];
    schema.anyOf.forEach((each, i) => types.push(i > 0 ? ' or ' : '', typeOf(each)));
    return make('span', {}, types);
  }
  if (schema.enum) return make('span', {}, schema.enum.join(', '));
  if (schema.type === 'array') {
    return schema.items ? make('span', {}, 'array of ', typeOf(schema.items)) : make('span', {}, 'array');
  }
  let text = schema.type || 'any';
  if (schema.minimum !== undefined) text += ', at least ' + schema.minimum;
  if (schema.exclusiveMinimum !== undefined) text += ', more than ' + schema.exclusiveMinimum;
  if (schema.maxLength === 0) text += ', empty';
  return make('span', {}, text);
}

function rows(schema, depth, into) {
  const required = schema.required || [];
  for (const [name, each] of Object.entries(schema.properties || {})) {
    const inner = each.type === 'array' && each.items ? each.items : each;
    into.push(make('tr', {class: 'deep' + Math.min(depth, 4)},
      make('td', {class: required.includes(name) ? 'need' : undefined}, name),
      make('td', {}, typeOf(each)),
      make('td', {}, each.description || '')));
    if (!inner.$ref) rows(inner, depth + 1, into);
  }
  return into;
}

function tableOf(schema) {
  const inner = schema.type === 'array' && schema.items ? schema.items : schema;
  const plain = resolve(inner);
  const found = rows(plain, 0, []);
  const says = schema.description || plain.description;
  const type = make('p', {}, typeOf(schema), says ? ': ' + says : '');
  return found.length ? make('div', {}, type, make('table', {}, make('tbody', {}, found))) : type;
}

/** A value as JSON for people: arrays of plain values stay on their line. */
function json(value, indent = '') {
  const deeper = indent + '  ';
  const isNested = each => each !== null && typeof each === 'object';
  const block = (open, parts, close) => parts.length
    ? open + '\n' + deeper + parts.join(',\n' + deeper) + '\n' + indent + close : open + close;
  if (Array.isArray(value)) {
    return value.some(isNested) ? block('[', value.map(each => json(each, deeper)), ']')
      : '[' + value.map(each => JSON.stringify(each)).join(', ') + ']';
  }
  return isNested(value)
    ? block('{', Object.entries(value).map(([name, each]) => JSON.stringify(name) + ': ' + json(each, deeper)), '}')
    : JSON.stringify(value);
}

function parametersOf(item, operation) {
  return [...(item.parameters || []), ...(operation.parameters || [])].map(resolve);
}

function parameterTable(parameters) {
  return make('table', {}, make('tbody', {}, parameters.map(each => make('tr', {},
    make('td', {class: each.required ? 'need' : undefined}, each.name),
    make('td', {}, each.in, ', ', typeOf(each.schema || {})),
    make('td', {}, each.description || '')))));
}

function contentOf(content) {
  return Object.entries(content || {}).map(([type, each]) => make('div', {},
    make('p', {}, make('code', {}, type)),
    each.schema ? tableOf(each.schema) : null,
    each.example !== undefined ? make('pre', {}, json(each.example)) : null));
}

/** The body that fits a model: zeros of its shapes, 1 where the request decides. */
function bodyFor(metadata) {
  const zeros = (shape, zero) => shape.length === 0 ? zero
    : Array.from({length: shape[0]}, () => zeros(shape.slice(1), zero));
  return json({inputs: metadata.inputs.map(input => {
    const shape = input.shape.map(extent => extent < 0 ? 1 : extent);
    const zero = input.datatype === 'BYTES' ? '' : input.datatype === 'BOOL' ? false : 0;
    const data = shape.length === 0 ? [zero] : zeros(shape, zero);
    return {name: input.name, datatype: input.datatype, shape, data};
  })});
}

function headers() {
  const key = at('key').value;
  return key ? {Authorization: 'Bearer ' + key} : {};
}

const quoted = text => "'" + text.replaceAll("'", "'\\''") + "'";

/** The form with which an operation is tried. */
function tryOut(path, method, item, operation) {
  const fields = parametersOf(item, operation).filter(each => each.in === 'path' || each.in === 'header');
  const inputs = new Map(fields.map(each => [each, make('input', {
    list: each.name === 'model' ? 'models' : undefined, autocomplete: 'off', spellcheck: 'false'})]));
  const media = operation.requestBody && operation.requestBody.content['application/json'];
  const body = media ? make('textarea', {spellcheck: 'false', 'aria-label': 'Body'},
    media.example === undefined ? '' : json(media.example)) : null;
  const line = make('pre', {class: 'hidden'});
  const answer = make('pre', {class: 'hidden', tabindex: '0'});
  const told = make('p', {role: 'status'});
  const url = () => {
    let made = path;
    for (const [field, input] of inputs) {
      if (field.in === 'path') made = made.replace('{' + field.name + '}', encodeURIComponent(input.value));
    }
    return made;
  };
  const missing = () => {
    for (const [field, input] of inputs) {
      if (field.required && !input.value) {
        told.textContent = field.name + ' is missing';
        told.className = 'bad';
        input.focus();
        return true;
      }
    }
    return false;
  };
  const given = () => {
    const own = headers();
    for (const [field, input] of inputs) {
      if (field.in === 'header' && input.value) own[field.name] = input.value;
    }
    if (body) own['Content-Type'] = 'application/json';
    return own;
  };
  const send = make('button', {type: 'submit', class: 'send'}, 'Send');
  const form = make('form', {class: 'try'},
    fields.map(each => make('label', {}, make('span', {class: each.required ? 'need' : undefined}, each.name), inputs.get(each))),
    body,
    make('div', {class: 'buttons'}, send, curlButton(), fillButton()), line, told, answer);
  function curlButton() {
    const button = make('button', {type: 'button'}, 'As curl');
    button.addEventListener('click', () => {
      const parts = ['curl -s ' + quoted(location.origin + url())];
      for (const [name, value] of Object.entries(given())) {
        parts.push('-H ' + quoted(name + ': ' + (name === 'Authorization' ? 'Bearer KEY' : value)));
      }
      if (body) parts.push('-d ' + quoted(body.value));
      line.textContent = parts.join(' \\\n  ');
      line.className = '';
    });
    return button;
  }
  function fillButton() {
    if (!path.endsWith('/infer')) return null;
    const button = make('button', {type: 'button'}, 'Body for this model');
    button.addEventListener('click', async () => {
      if (missing()) return;
      const response = await fetch(url().replace(/\/infer$/, ''), {headers: headers()});
      const metadata = await response.json();
      told.textContent = response.ok ? '' : metadata.error;
      told.className = response.ok ? '' : 'bad';
      if (response.ok) body.value = bodyFor(metadata);
    });
    return button;
  }
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (missing()) return;
    send.disabled = true;
    told.className = '';
    told.textContent = '…';
    const begun = performance.now();
    try {
      const response = await fetch(url(), {method: method.toUpperCase(), headers: given(), body: body ? body.value : undefined});
      const text = await response.text();
      const took = (performance.now() - begun).toFixed(1) + ' ms';
      const timing = response.headers.get('server-timing');
      told.textContent = [response.status + ' ' + response.statusText, took, timing].filter(Boolean).join(' · ');
      told.className = response.ok ? '' : 'bad';
      const isJson = (response.headers.get('content-type') || '').includes('json');
      const shown = text.length > 200000 ? text.slice(0, 200000) + '…' : text;
      answer.textContent = isJson && text.length < 200000 ? json(JSON.parse(text)) : shown;
      answer.className = text ? '' : 'hidden';
    } catch (e) {
      told.textContent = String(e);
      told.className = 'bad';
    } finally {
      send.disabled = false;
    }
  });
  return form;
}

function show(path, method, item, operation) {
  const id = method + path;
  const parameters = parametersOf(item, operation);
  const inside = make('div');
  const card = make('details', {id},
    make('summary', {},
      make('span', {class: 'method ' + method}, method.toUpperCase()),
      make('span', {class: 'path'}, path),
      make('span', {class: 'says'}, operation.summary)),
    inside);
  card.addEventListener('toggle', () => {
    if (!card.open || inside.hasChildNodes()) return;
    inside.append(...[
      operation.description ? make('p', {}, operation.description) : null,
      parameters.length ? make('h4', {}, 'Parameters') : null,
      parameters.length ? parameterTable(parameters) : null,
      operation.requestBody ? make('h4', {}, 'Body') : null,
      ...(operation.requestBody ? contentOf(operation.requestBody.content) : []),
      make('h4', {}, 'Answers'),
      ...Object.entries(operation.responses).map(([status, each]) => {
        const response = resolve(each);
        const isWell = status.startsWith('2');
        const kinds = Object.values(response.content || {}).map(kind => kind.schema).filter(schema => schema && schema.$ref);
        return make('div', {}, make('p', {}, make('b', {}, status), ' ', response.description, ' ',
          isWell ? null : kinds.map(typeOf)), isWell ? contentOf(response.content) : null);
      }),
      make('h4', {}, 'Try it'),
      tryOut(path, method, item, operation)].filter(each => each !== null));
  });
  return card;
}

function open() {
  const target = at(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === 'DETAILS') {
    target.open = true;
    target.scrollIntoView();
  }
}

function build() {
  at('version').textContent = 'protocol ' + description.info.version;
  at('intro').append(make('p', {}, description.info.description));
  for (const tag of description.tags) {
    const cards = [];
    const links = [];
    for (const [path, item] of Object.entries(description.paths)) {
      for (const method of ['get', 'post']) {
        const operation = item[method];
        if (!operation || operation.tags[0] !== tag.name) continue;
        cards.push(show(path, method, item, operation));
        links.push(make('a', {href: '#' + encodeURIComponent(method + path)},
          make('span', {class: 'method ' + method}, method.toUpperCase()), make('span', {}, path)));
      }
    }
    at('operations').append(make('section', {}, make('h2', {}, tag.name),
      make('p', {class: 'soft'}, tag.description), cards));
    at('contents').append(make('div', {}, make('h3', {}, tag.name), links));
  }
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    at('types').append(make('details', {id: 'schema-' + name},
      make('summary', {}, make('span', {class: 'path'}, name)), make('div', {}, tableOf(schema))));
  }
}

at('filter').addEventListener('input', () => {
  const wanted = at('filter').value.toLowerCase();
  for (const card of document.querySelectorAll('#operations details, #types details')) {
    card.classList.toggle('hidden', !card.firstChild.textContent.toLowerCase().includes(wanted));
  }
  for (const link of document.querySelectorAll('#contents a')) {
    link.classList.toggle('hidden', !link.textContent.toLowerCase().includes(wanted));
  }
});
addEventListener('hashchange', open);

/** The names of the models, so that they need not be typed. */
async function models() {
  const response = await fetch('/v2/repository/index', {method: 'POST', headers: headers(), body: '{}'});
  if (!response.ok) return;
  const names = new Set((await response.json()).map(each => each.name));
  at('models').replaceChildren(...[...names].map(value => make('option', {value})));
}
at('key').addEventListener('change', models);

(async () => {
  try {
    description = await (await fetch('/openapi.json')).json();
    build();
    at('status').textContent = '';
    open();
    await models();
  } catch (e) {
    at('status').textContent = 'The description cannot be shown: ' + e;
  }
})();
