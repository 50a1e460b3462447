// Pixels to numbers and back, and the resizing of `gan translate --size`.

/** Return [width, height] scaled to a shorter side of `size`; halves are rounded to even. */
export function workingSize(width, height, size) {
  const short = Math.min(width, height);
  return [even((width * size) / short), even((height * size) / short)];
}

function even(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Return the planes of RGBA bytes, on white, as numbers in [-1, 1]: red, green, blue, or gray. */
export function toPlanes(rgba, channels) {
  const count = rgba.length / 4;
  const planes = Array.from({ length: channels }, () => new Float32Array(count));
  const color = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const alpha = rgba[4 * i + 3] / 255;
    for (let c = 0; c < 3; c++) color[c] = Math.round(rgba[4 * i + c] * alpha + 255 * (1 - alpha));
    if (channels === 1) color[0] = (color[0] * 19595 + color[1] * 38470 + color[2] * 7471 + 32768) >> 16;
    for (let c = 0; c < channels; c++) planes[c][i] = color[c] / 127.5 - 1;
  }
  return planes;
}

/** Return RGBA bytes of one plane (gray) or three in [-1, 1], with the alpha of other RGBA bytes. */
export function toBytes(planes, alphaOf) {
  const bytes = new Uint8ClampedArray(4 * planes[0].length);
  for (let i = 0; i < planes[0].length; i++) {
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = ((planes[c] ?? planes[0])[i] + 1) * 127.5;
    bytes[4 * i + 3] = alphaOf ? alphaOf[4 * i + 3] : 255;
  }
  return bytes;
}

/** Resize a plane: bicubic, filtered when it shrinks, clipped; as torch does with antialias. */
export function resize(plane, width, height, newWidth, newHeight) {
  if (width === newWidth && height === newHeight) return plane;
  const rows = new Float32Array(newWidth * height);
  weights(width, newWidth).forEach(([first, taps], x) => {
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let t = 0; t < taps.length; t++) sum += taps[t] * plane[y * width + first + t];
      rows[y * newWidth + x] = sum;
    }
  });
  const result = new Float32Array(newWidth * newHeight);
  weights(height, newHeight).forEach(([first, taps], y) => {
    const row = result.subarray(y * newWidth, (y + 1) * newWidth);
    for (let t = 0; t < taps.length; t++) {
      const start = (first + t) * newWidth;
      for (let x = 0; x < newWidth; x++) row[x] += taps[t] * rows[start + x];
    }
    for (let x = 0; x < newWidth; x++) row[x] = Math.min(1, Math.max(-1, row[x]));
  });
  return result;
}

/** Return, for each of `to` pixels, the first of `from` pixels that it is made of, and weights. */
function weights(from, to) {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(0, Math.floor(center - 2 * wide + 0.5));
    const end = Math.min(from, Math.floor(center + 2 * wide + 0.5));
    const taps = Float32Array.from({ length: end - first }, (_, t) => cubic((first + t - center + 0.5) / wide));
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return [first, taps.map((tap) => tap / sum)];
  });
}

/** Keys' cubic with a = -0.5. */
function cubic(x) {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}
