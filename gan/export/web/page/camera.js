// The camera: what it sees is translated, one frame after another.

const REASONS = {
  NotAllowedError: "The camera is blocked: allow it for this page in the browser's settings.",
  NotFoundError: "This device has no camera.",
  NotReadableError: "Another program uses the camera: close it there.",
};

export class Camera {
  #stream;

  constructor(video) {
    this.video = video;
  }

  /** Browsers offer cameras with https or at localhost only. */
  static get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  get open() {
    return Boolean(this.#stream);
  }

  /** Its width over its height. */
  get ratio() {
    return this.video.videoWidth / this.video.videoHeight;
  }

  /** Error with a sentence if there is no camera, or if it is not allowed. */
  async start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The camera does not start: ${error.message}`);
    }
    this.video.srcObject = this.#stream;
    await this.video.play();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    this.video.srcObject = null;
  }

  frame() {
    return createImageBitmap(this.video);
  }

  /** Return what it sees as a file. */
  async take() {
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.95); });
    return new File([blob], "camera.jpg", { type: "image/jpeg" });
  }
}
