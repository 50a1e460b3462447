// Opens files as pictures; a file that cannot be one gets a sentence.

const MOST = 64; // megapixels: more need gigabytes of memory
const KEPT = 16; // megapixels: iPhones draw no more at once

/** A chosen file with the address at which this page shows it. */
export class Picture {
  constructor(file, url, width, height) {
    this.file = file;
    this.url = url;
    const shrink = Math.min(1, Math.sqrt((KEPT * 1e6) / (width * height)));
    this.smaller = shrink < 1;
    this.width = Math.round(width * shrink);
    this.height = Math.round(height * shrink);
  }

  /** JPEG for JPEG; anything else may be transparent. */
  get type() {
    return this.file.type === "image/jpeg" ? "image/jpeg" : "image/png";
  }

  /** Return the name of its translation. */
  named(direction) {
    const stem = this.file.name.replace(/\.[^.]*$/, "") || "picture";
    return `${stem}-${direction}.${this.type === "image/jpeg" ? "jpg" : "png"}`;
  }

  /** Decode it, upright. */
  decode() {
    const size = this.smaller
      ? { resizeWidth: this.width, resizeHeight: this.height, resizeQuality: "high" } : {};
    return createImageBitmap(this.file, { imageOrientation: "from-image", ...size });
  }

  close() {
    URL.revokeObjectURL(this.url);
  }
}

/** Open a file; Error with a sentence if it is not a picture, or too large. */
export async function openPicture(file) {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    // Reads the header: a small file can claim gigabytes of pixels.
    await new Promise((resolve, reject) => { image.onload = resolve; image.onerror = reject; });
    const megapixels = (image.naturalWidth * image.naturalHeight) / 1e6;
    if (megapixels > MOST) throw new TooLarge(megapixels);
    const picture = new Picture(file, url, image.naturalWidth, image.naturalHeight);
    (await picture.decode()).close();
    return picture;
  } catch (error) {
    URL.revokeObjectURL(url);
    if (error instanceof TooLarge) throw new Error(`${file.name}: ${error.message}`);
    throw new Error(`${file.name}: damaged, or not a picture that this browser can open`);
  }
}

class TooLarge extends Error {
  constructor(megapixels) {
    super(`has ${Math.round(megapixels)} megapixels; at most ${MOST} allowed`);
  }
}
