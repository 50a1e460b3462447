// The worker with the network: started when needed, on the GPU if there is one.
const SITE = self.SITE;
const BYTES = Object.fromEntries(Object.entries(SITE.files).map(([path, { bytes }]) => [path, bytes]));

/** A task was ended by `stop`. */
export class Stopped extends Error {}

export class Engine {
  #worker;
  #pending;
  #loaded;
  #gpu;
  #last = Promise.resolve(); // tasks take turns
  #era = 0; // counts calls of stop

  /** report({ progress, total } or { stage }) is called while a model is loaded. */
  constructor(report) {
    this.report = report;
  }

  /** The files that this browser uses for a model. */
  async files(model) {
    return [model.file, ...Object.values(SITE.runtimes[await this.provider()])];
  }

  /** webgpu, or wasm where there is no GPU or it has failed. */
  async provider() {
    if (this.#gpu === undefined) {
      const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
      // One in software is far slower than wasm.
      this.#gpu = Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
    }
    return this.#gpu ? "webgpu" : "wasm";
  }

  /** Load a model; return milliseconds for a pixel. */
  load(model) {
    return this.#inTurn(() => this.#load(model));
  }

  /** Translate a bitmap, which is closed: to a Blob of `type`, or without it to a bitmap. */
  translate(model, bitmap, size, type) {
    return this.#inTurn(() => this.#translate(model, bitmap, size, type));
  }

  /** End what the worker does and what waits for it; the next task starts another. */
  stop() {
    this.#era++;
    this.#end(new Stopped());
  }

  #inTurn(task) {
    const era = this.#era;
    const turn = this.#last.then(() => {
      if (era !== this.#era) throw new Stopped();
      return task();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #load(model) {
    if (this.#loaded?.model === model) return this.#loaded.pace;
    const provider = await this.provider();
    const task = { task: "load", runtime: SITE.runtimes[provider], provider, next: model, bytes: BYTES };
    try {
      const pace = await this.#ask(task);
      this.#loaded = { model, pace };
      return pace;
    } catch (error) {
      if (error instanceof Stopped || !this.#gpu) throw error;
      this.#withoutGpu();
      return this.#load(model);
    }
  }

  async #translate(model, bitmap, size, type) {
    await this.#load(model);
    const spare = this.#gpu ? await createImageBitmap(bitmap) : null;
    try {
      return await this.#ask({ task: "translate", bitmap, size, type }, [bitmap]);
    } catch (error) {
      if (error instanceof Stopped || !spare) throw error;
      this.#withoutGpu();
      return await this.#translate(model, spare, size, type);
    } finally {
      spare?.close();
    }
  }

  #end(reason) {
    this.#worker?.terminate();
    this.#worker = this.#loaded = undefined;
    this.#pending?.reject(reason);
    this.#pending = undefined;
  }

  #withoutGpu() {
    this.#end();
    this.#gpu = false;
  }

  #ask(message, transfer = []) {
    if (!this.#worker) {
      this.#worker = new Worker("worker.js", { type: "module" });
      this.#worker.onmessage = ({ data }) => this.#hear(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        this.#end(new Error(event.message || "a part of this page cannot be loaded"));
      };
    }
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage(message, transfer);
    });
  }

  #hear(data) {
    if (!("result" in data || "error" in data)) {
      this.report(data);
      return;
    }
    const { resolve, reject } = this.#pending;
    this.#pending = undefined;
    if ("result" in data) {
      resolve(data.result);
      return;
    }
    this.#end(); // its memory may be full
    reject(new Error(data.error));
  }
}
