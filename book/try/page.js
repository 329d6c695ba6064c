// The page "Try your polymer": reads the form, runs physics and model, writes the answers.

import { bytes, script } from "./assets.js";
import { withMeasured } from "./measured.js";
import { InputError, useRDKit } from "./molecule.js";
import { plain, polymerNamed } from "./names.js";
import { interval, nominalTest, sampledTest } from "./physics.js";
import { heatRelease } from "./plot.js";
import { canonicalOf, parsePsmiles } from "./polymers.js";
import { Ensemble } from "./prediction.js";
import { estimate } from "./properties.js";
import { SCALARS, figures, withSigma } from "./units.js";

const at = (id) => document.getElementById(`try-${id}`);
const TYPING_MS = 350; // a pause after which a word is taken to be whole
const state = { tables: null, ensemble: null, polymer: null, run: 0 };

/** Load both ways to answer side by side; physics is ready first and shows what it has. */
async function start() {
  const asked = performance.now();
  const tables = bytes("data/tables.json").then((raw) => JSON.parse(new TextDecoder().decode(raw)));
  const rdkit = openRDKit();
  state.ensemble = Ensemble.open(tables);
  state.ensemble.catch(() => {}); // told by whoever awaits it
  state.tables = await tables;
  useRDKit(await rdkit);
  await wholePage();
  listen();
  await answer();
  at("page").dataset.firstAnswerMs = Math.round(performance.now() - asked);
}

async function openRDKit() {
  const [wasm] = await Promise.all([
    bytes("vendor/RDKit_minimal.wasm.gz"), script("vendor/RDKit_minimal.js"),
  ]);
  return globalThis.initRDKitModule({ instantiateWasm: compiled(wasm) });
}

/** How RDKit gets its program when the bytes are here already. */
function compiled(wasm) {
  return (imports, receive) => {
    WebAssembly.instantiate(wasm, imports).then(({ instance, module }) => receive(instance, module));
    return {};
  };
}

/** The script runs as soon as it is here; what it fills in may come later. */
function wholePage() {
  if (document.readyState !== "loading") return null;
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
}

/** The form: a name fills in the repeat unit; a slider and its number move together. */
function listen() {
  const { names } = state.tables;
  const units = Object.entries(names).filter(([, polymer]) => !polymer.includes("|"));
  at("names").innerHTML = units
    .map(([name]) => `<option value="${escape(name)}"></option>`).join("");
  at("name").addEventListener("input", () => later(takeName, TYPING_MS));
  at("psmiles").addEventListener("input", () => {
    const found = units.find(([, psmiles]) => psmiles === at("psmiles").value.trim());
    at("name").value = found?.[0] ?? "";
    later();
  });
  for (const id of ["t50", "char"]) at(id).addEventListener("input", () => later(answer, TYPING_MS));
  for (const quantity of ["flux", "thickness"]) {
    const [number, slider] = [at(quantity), at(`${quantity}-slider`)];
    number.addEventListener("input", () => { slider.value = number.value; later(); });
    slider.addEventListener("input", () => { number.value = slider.value; later(); });
  }
  at("form").addEventListener("submit", (event) => { event.preventDefault(); takeName(); });
  for (const control of at("form").querySelectorAll("[disabled]")) control.disabled = false;
}

/** The repeat unit of the name in the form, where there is one; then the answer. */
function takeName() {
  const name = at("name").value;
  try {
    if (plain(name)) at("psmiles").value = polymerNamed(name, state.tables.names);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    state.run += 1; // what is being computed was asked before
    report(error.message, "name");
    return;
  }
  answer();
}

let waiting = 0;
/** Do something soon, but once: a slider sends many events while it moves. Meanwhile what is shown
 * is not the answer to what the form says, and looks like it. */
function later(action = answer, patience = 60) {
  clearTimeout(waiting);
  fade(true);
  waiting = setTimeout(action, patience);
}

/** Answer what the form asks; of two questions only the later one is answered. */
async function answer() {
  const run = ++state.run;
  const asked = performance.now();
  try {
    const [flux, thickness] = conditions();
    const polymer = read(at("psmiles").value);
    const texts = { t50_k: at("t50").value, char_yield: at("char").value };
    const properties = withMeasured(polymer.properties, texts, state.tables);
    showProperties(properties);
    const nominal = nominalTest(properties, flux, thickness, state.tables);
    if (run !== state.run) return;
    showPhysics(nominal, flux, thickness);
    await showModel(polymer, flux, thickness, run);
    if (run !== state.run) return;
    report("");
    at("page").dataset.answerMs = (performance.now() - asked).toFixed(1);
    // What was asked, not what the form says by now.
    const given = Object.values(texts).map((text) => text.trim()).filter(Boolean);
    at("page").dataset.answered = [polymer.text, flux, thickness, ...given].join(" ");
    at("blind").hidden = !given.length;
    setTimeout(() => showIntervals(properties, nominal, flux, thickness, run), 250);
  } catch (error) {
    const known = error instanceof InputError;
    if (run === state.run) {
      report(known ? error.message : "This page cannot compute that repeat unit; try the commands.");
    }
    if (!known) throw error;
  }
}

function conditions() {
  const names = { flux: ["heat flux", "flux_kw_m2", "kW/m²"],
    thickness: ["thickness", "thickness_mm", "mm"] };
  return Object.entries(names).map(([id, [name, key, unit]]) => {
    const [low, high] = state.tables.accepted[key];
    const value = at(id).valueAsNumber;
    if (!(low <= value && value <= high)) {
      const shown = at(id).value || "empty";
      throw new InputError(
        `The ${name} is ${shown} ${unit}; give a number from ${low} to ${high} ${unit}.`);
    }
    return value;
  });
}

/** What depends on the polymer alone; remembered until another one is asked for. */
function read(psmiles) {
  const text = psmiles.trim();
  if (state.polymer?.text !== text) {
    const mol = parsePsmiles(text);
    const key = canonicalOf(mol);
    state.polymer = { text, mol, key, ...estimate(mol, state.tables), model: readByModel(key) };
    showStructure(state.polymer);
    mol.free();
  }
  return state.polymer;
}

/** What the model makes of a polymer, as soon as it is there. */
async function readByModel(key) {
  const ensemble = await state.ensemble;
  const mol = parsePsmiles(key);
  try {
    return await ensemble.read(key, mol);
  } finally {
    mol.free();
  }
}

/** Show a sentence about the form, or none; nothing then answers it. */
function report(sentence, field = "psmiles") {
  at("error").textContent = sentence;
  at("error").hidden = !sentence;
  for (const id of ["psmiles", "name"]) {
    at(id).setAttribute("aria-invalid", Boolean(sentence) && id === field);
  }
  fade(Boolean(sentence));
  if (sentence) {
    delete at("page").dataset.answered;
    delete at("page").dataset.intervals;
  }
}

/** Results in grey: they are not those of what the form says. */
function fade(stale) {
  for (const part of document.querySelectorAll("#try-results, .try-part")) {
    part.classList.toggle("stale", stale);
  }
}

function showStructure({ mol, text, key, groups, uncovered }) {
  at("drawing").innerHTML = mol.held.get_svg(330, 220);
  const svg = at("drawing").querySelector("svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Structure of the repeat unit ${text}`);
  at("key").textContent = key;
  const rows = Object.entries(groups).map(([name, n]) =>
    `<tr><th scope="row">${escape(name)}</th><td>${n}</td></tr>`);
  at("groups").innerHTML = rows.join("") || "<tr><td colspan='2'>none</td></tr>";
  at("uncovered").textContent = uncovered.length
    ? `Not covered by any group: ${uncovered.join(", ")}.` : "Every atom is covered by a group.";
}

/** The properties that say something of this polymer. */
function showProperties(properties) {
  const shown = Object.entries(properties).filter(([name]) =>
    !name.startsWith("acid_") || properties.acid_fraction[0]);
  const hidden = properties.crystallinity[0] ? [] : ["melting_k", "heat_of_fusion_j_kg"];
  at("properties").innerHTML = shown.map(([name, [value, sigma]]) => {
    const [words, unit, scale] = state.tables.quantities[name];
    const [number, error] = withSigma(value * scale, sigma * scale);
    return `<tr data-name="${name}" data-value="${value}" data-sigma="${sigma}"`
      + `${hidden.includes(name) ? " hidden" : ""}><th scope="row">${words}</th>`
      + `<td>${number}</td><td>${error}</td><td>${unit}</td></tr>`;
  }).join("");
}

/** A cell of the table of answers: text for people, data for tests. */
function fill(id, text, data = {}) {
  const cell = at(id);
  cell.textContent = text;
  Object.assign(cell.dataset, data);
}

function showPhysics(nominal, flux, thickness) {
  const { scalars } = nominal;
  delete at("page").dataset.intervals; // those of an earlier run, which may be of the same test
  for (const name of SCALARS) {
    fill(`physics-${name}`, scalars ? figures(scalars[name]) : "no ignition",
      { value: scalars ? scalars[name] : "" });
    fill(`physics-${name}-interval`, "…", { lo: "", hi: "" });
  }
  const words = scalars
    ? `Simulated heat release rate at ${flux} kW/m², ${thickness} mm: ignition at `
      + `${figures(scalars.t_ig_s)} s, peak ${figures(scalars.phrr_kw_m2)} kW/m² at `
      + `${figures(scalars.t_peak_s)} s.`
    : `At ${flux} kW/m² and ${thickness} mm the simulated specimen does not ignite in half an hour.`;
  at("curve").innerHTML = heatRelease(nominal, words);
  at("summary").textContent = words;
}

async function showModel(polymer, flux, thickness, run) {
  const [ensemble, polymerRead] = await Promise.all([state.ensemble, polymer.model]);
  if (run !== state.run) return;
  const said = await ensemble.predict(polymerRead, polymer, flux, thickness);
  if (run !== state.run) return;
  for (const name of SCALARS) {
    const { value, lo, hi } = said[name];
    fill(`model-${name}`, figures(value), { value });
    fill(`model-${name}-interval`, `${figures(lo)} to ${figures(hi)}`, { lo, hi });
  }
  fill("ignition", said.ignition.toFixed(2), { value: said.ignition });
  at("verdict").hidden = said.ignition >= 0.5;
  const inside = !said.reasons.length;
  fill("domain", inside
    ? "inside: the polymer and the test are like those that the model has seen."
    : `outside: an extrapolation, whatever its interval. ${said.reasons.join(" ")}`, { inside });
  at("domain").classList.toggle("outside", !inside);
}

/** Physics at sampled properties, a few tests at a time so that the page stays quick. */
async function showIntervals(properties, nominal, flux, thickness, run) {
  const draws = state.tables.draws.cone;
  const count = Object.values(draws)[0].length;
  const found = [];
  for (let i = 0; i < count; i++) {
    if (run !== state.run) return;
    found.push(sampledTest(properties, flux, thickness, state.tables, draws, i));
    if (i % 4 === 3) await new Promise((resolve) => setTimeout(resolve));
  }
  const about = { properties, thickness, constants: state.tables.constants };
  for (const name of SCALARS) {
    const [lo, hi] = interval(name, found, nominal.scalars, about);
    fill(`physics-${name}-interval`,
      Number.isNaN(lo) ? "no ignition" : `${figures(lo)} to ${figures(hi)}`, { lo, hi });
  }
  at("page").dataset.intervals = at("page").dataset.answered;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

start().catch((error) => {
  report("The page could not load its files; serve the folder of the book or open it in a newer "
    + "browser.");
  throw error;
});
