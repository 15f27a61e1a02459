"use strict";

// Hands over a tenth of a second of the first channel at a time.
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.kept = [];
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
