// Files of the page: fetched where there is a server; a browser lets no page that was opened from a
// folder read its neighbours, so that they come as scripts there.

const arrived = new Map();
globalThis.tryAsset = (name, base64) => arrived.get(name)(base64);

/** Bytes of a file of the page, unpacked if it is compressed. */
export async function bytes(name) {
  return unpacked(inFolder() ? await embedded(name) : await fetched(name));
}

/** What a thread needs to read a file of the page: its address or, from a folder, its bytes. */
export async function address(name) {
  return inFolder() ? embedded(name) : new URL(base() + name, location.href).href;
}

function inFolder() {
  return location.protocol === "file:";
}

/** Bytes, unpacked if they are compressed. */
export async function unpacked(raw) {
  // Some servers unpack .gz on the way: look at what came.
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  // As a stream of our own: one of a blob goes through another process and back.
  const packed = new ReadableStream({
    start(stream) {
      stream.enqueue(raw);
      stream.close();
    },
  });
  const plain = packed.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

async function fetched(name) {
  const answer = await fetch(base() + name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

function embedded(name) {
  return new Promise((resolve, reject) => {
    arrived.set(name, (base64) => {
      const text = atob(base64);
      const raw = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) raw[i] = text.charCodeAt(i);
      resolve(raw);
    });
    script(`embedded/${name}.js`).catch(reject);
  });
}

/** Run a classic script of the page. */
export function script(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = base() + name;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${name} did not load`));
    document.head.append(element);
  });
}

function base() {
  return document.getElementById("try").dataset.files;
}
