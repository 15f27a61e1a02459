"use strict";

// Hands over a tenth of a second of the first channel at a time.
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.kept = [];
    // Asked for what is left: it, and then that this was all.
    this.port.onmessage = () => {
      this.port.postMessage(new Float32Array(this.kept));
      this.port.postMessage(null);
      this.kept = [];
    };
  }

  process(inputs) {
    const channel = inputs[0][0];
    if (channel) this.kept.push(...channel);
    if (this.kept.length >= sampleRate / 10) {
      this.port.postMessage(new Float32Array(this.kept));
      this.kept = [];
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
