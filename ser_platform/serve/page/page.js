"use strict";

const NAMES = { ang: "angry", hap: "happy", neu: "neutral", sad: "sad" };
const at = (id) => document.getElementById(id);
let recording = null;

function token() {
  return at("token").value.trim();
}

function tell(problem) {
  at("problem").hidden = !problem;
  at("problem").textContent = problem || "";
  if (problem && problem.includes("Bearer")) {
    at("secret").hidden = false;
    at("secret").open = true;
    at("token").focus();
  }
}

function element(name, text, ...classes) {
  const made = document.createElement(name);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function show(answer, running) {
  tell("");
  at("answer").hidden = false;
  at("label").textContent = NAMES[answer.label];
  const seconds = `${answer.duration_s.toFixed(1)} s`;
  at("about").textContent = running ? `so far, the last ${seconds}` : `${answer.recording}, ${seconds}`;
  at("chances").replaceChildren(
    ...Object.entries(answer.probabilities).map(([name, chance]) => {
      const row = element("div", "", "chance", name, ...(name === answer.label ? ["best"] : []));
      const meter = element("meter", "");
      meter.max = 1;
      meter.value = chance;
      meter.setAttribute("aria-label", NAMES[name]);
      row.append(element("span", NAMES[name]), meter, element("span", `${Math.round(100 * chance)} %`));
      return row;
    }),
  );
  const most = Math.max(...answer.words.map((word) => word.attention || 0)) || 1;
  at("words").replaceChildren(
    ...answer.words.flatMap((word) => {
      const said = element("span", word.text, ...(word.known ? [] : ["unknown"]));
      said.style.backgroundColor = `rgba(var(--glow), ${(0.7 * (word.attention || 0)) / most})`;
      said.title = `${word.start_s.toFixed(2)} to ${word.end_s.toFixed(2)} s`;
      return [said, " "];
    }),
  );
  at("warnings").replaceChildren(...answer.warnings.map((warning) => element("li", warning)));
}

async function ask(file) {
  tell("");
  const form = new FormData();
  form.append("recording", file);
  if (at("text").value) form.append("text", at("text").value);
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  at("drop").setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/v1/emotion", { method: "POST", body: form, headers });
    const found = await response.json();
    if (!response.ok) return tell(found.error.message);
    show(found, false);
    at("sound").src = URL.createObjectURL(file);
    at("sound").hidden = false;
  } catch (error) {
    tell(`The server does not answer: ${error.message}`);
  } finally {
    at("drop").removeAttribute("aria-busy");
  }
}

function samples(floats) {
  const whole = new Int16Array(floats.length);
  floats.forEach((value, i) => (whole[i] = Math.max(-1, Math.min(1, value)) * 32767));
  return whole.buffer;
}

// A microphone, and what hands over its sound.
async function listen() {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  const close = () => {
    microphone.getTracks().forEach((track) => track.stop());
    if (context.state !== "closed") context.close();
  };
  try {
    await context.audioWorklet.addModule("/static/page/recorder.js");
    const node = new AudioWorkletNode(context, "recorder");
    context.createMediaStreamSource(microphone).connect(node);
    return { port: node.port, rate_hz: Math.round(context.sampleRate), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function record() {
  tell("");
  at("sound").hidden = true;
  at("record").disabled = true; // a second click would open a second microphone
  let sound;
  try {
    sound = await listen();
  } catch (error) {
    return tell(`No microphone: ${error.message}`);
  } finally {
    at("record").disabled = false;
  }
  const address = location.origin.replace(/^http/, "ws") + "/v1/stream";
  let socket;
  try {
    socket = new WebSocket(address, ["ser.v1", ...(token() ? [`bearer.${token()}`] : [])]);
  } catch (error) {
    sound.close();
    return tell(`This is no token: ${error.message}`);
  }
  const began = Date.now();
  const clock = setInterval(() => (at("time").textContent = `${((Date.now() - began) / 1000).toFixed(1)} s`), 100);
  let open = false;
  socket.onopen = () => {
    open = true;
    const text = at("text").value || undefined;
    socket.send(JSON.stringify({ type: "start", rate_hz: sound.rate_hz, text }));
    sound.port.onmessage = (event) => {
      if (event.data) return socket.readyState === WebSocket.OPEN && socket.send(samples(event.data));
      sound.close();
      if (socket.readyState === WebSocket.OPEN) socket.send('{"type": "end"}');
    };
  };
  socket.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.type === "error") tell(told.error.message);
    else show(told.answer, told.type === "estimate");
  };
  socket.onclose = () => {
    if (!open) tell("The server refused the stream; with a token, 'Bearer' has to be right.");
    stop();
    sound.close();
  };
  function stop() {
    clearInterval(clock);
    sound.port.postMessage("the rest");
    if (!open) sound.close();
    if (recording !== stop) return; // another one has begun
    at("record").setAttribute("aria-pressed", "false");
    at("record").textContent = "Record";
    recording = null;
  }
  at("record").setAttribute("aria-pressed", "true");
  at("record").textContent = "Stop";
  recording = stop;
}

at("record").addEventListener("click", () => (recording ? recording() : record()));
at("file").addEventListener("change", () => at("file").files.length && ask(at("file").files[0]));
for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  at("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", over);
    if (kind === "drop" && event.dataTransfer.files.length) ask(event.dataTransfer.files[0]);
  });
}
fetch("/readyz").then((response) => response.json()).then((ready) => {
  at("model").textContent = `${ready.model.name}, ${ready.model.architecture}`;
});
