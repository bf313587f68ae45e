// A PNG of an SVG, with the model that the SVG holds in a text chunk.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

// The PNG with an iTXt chunk before its end.
export function withText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  const body = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  const end = png.length - 12;
  const made = new Uint8Array(png.length + chunk.length);
  made.set(png.subarray(0, end));
  made.set(chunk, end);
  made.set(png.subarray(end), end + chunk.length);
  return made;
}

export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await new Promise((done, failed) => {
    image.onload = done;
    image.onerror = failed;
    image.src = url;
  });
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(8192, image.width * 2);
  canvas.height = Math.min(8192, image.height * 2);
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  const blob = await new Promise<Blob>((done) => canvas.toBlob((b) => done(b!), "image/png"));
  const begin = svg.indexOf("<metadata>") + "<metadata>".length;
  const model = svg.slice(begin, svg.indexOf("</metadata>"));
  const bytes = withText(new Uint8Array(await blob.arrayBuffer()), "spark-graph", model);
  return new Blob([bytes.buffer as ArrayBuffer], { type: "image/png" });
}
