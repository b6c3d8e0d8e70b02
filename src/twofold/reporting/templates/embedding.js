
// Embeddings to turn: points on a canvas, and a word and a picture for the one under the pointer.
{
  const figure = document.getElementById("embedding");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const [canvas, output, select] = ["canvas", "output", "select"].map((name) => figure.querySelector(name));
  const box = figure.querySelector(".held-out input");
  const context = canvas.getContext("2d");
  const [first, last] = [Math.min(...data.frame), Math.max(...data.frame)];
  const shade = data.frame.map((f) => data.shades[Math.round(((f - first) / (last - first || 1)) * (data.shades.length - 1))]);
  const points = {};
  for (const [name, packed] of Object.entries(data.points)) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    points[name] = Array.from(new Int16Array(bytes.buffer), (step) => step / 32767);
  }
  const sheet = data.pictures && Object.assign(new Image(), { src: data.pictures.src });
  const small = document.createElement("canvas");
  if (sheet) Object.assign(small, { width: data.pictures.width, height: data.pictures.height });
  let [turn, tilt, picked, at, waiting] = [0.6, 0.35, -1, [], false];

  function project() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const [cosine, sine, up, away] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const [here, size] = [points[select.value], 0.6 * Math.min(width, height)];
    at = [];
    for (let k = 0; k < data.frame.length; k++) {
      if (box && box.checked && data.fitted[k]) continue;
      const [x, y, z] = [here[3 * k], here[3 * k + 1], here[3 * k + 2]];
      const [across, deep] = [cosine * x + sine * z, cosine * z - sine * x];
      const depth = up * deep + away * y;
      const near = 1 / (1.15 - 0.25 * depth);
      at.push({ k, depth, x: width / 2 + size * near * across, y: height / 2 - size * near * (up * y - away * deep) });
    }
    at.sort((a, b) => a.depth - b.depth);
  }

  function draw() {
    waiting = false;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    context.scale(ratio, ratio);
    project();
    const radius = Math.max(1.4, Math.min(3.6, 90 / Math.sqrt(at.length)));
    for (const point of at) {
      context.globalAlpha = 0.55 + 0.2 * point.depth;
      context.fillStyle = shade[point.k];
      context.beginPath();
      context.arc(point.x, point.y, radius, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
    for (const point of picked < 0 ? [] : at.filter((each) => data.frame[each.k] === data.frame[picked])) {
      context.lineWidth = point.k === picked ? 2.5 : 1.4;
      context.strokeStyle = "#1f2933";
      context.beginPath();
      context.arc(point.x, point.y, radius + 3, 0, 7);
      context.stroke();
    }
  }

  function again() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  function tell(x, y) {
    let nearest = { far: 16 };
    for (const point of at) {
      const far = Math.hypot(point.x - x, point.y - y);
      if (far <= nearest.far) nearest = { far, point };
    }
    picked = nearest.point ? nearest.point.k : -1;
    output.hidden = picked < 0;
    if (picked >= 0) show(nearest.point);
    again();
  }

  function show(point) {
    const seen = data.fitted ? (data.fitted[picked] ? ", seen by the encoder" : ", held out") : "";
    const repeat = data.repeat ? `, repeat ${data.repeat[picked]}` : "";
    output.textContent = `${data.what} ${data.frame[picked]}${repeat}${seen}`;
    if (sheet) {
      const { width, height, across, every } = data.pictures;
      const k = Math.floor(data.frame[picked] / every);
      small.getContext("2d").drawImage(sheet, width * (k % across), height * Math.floor(k / across), width, height, 0, 0, width, height);
      output.append(small);
    }
    output.style.left = `${Math.min(point.x + 14, canvas.clientWidth - 170)}px`;
    output.style.top = `${Math.max(point.y - 30, 0)}px`;
  }

  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) {
      turn += event.movementX / 150;
      tilt = Math.max(-1.5, Math.min(1.5, tilt + event.movementY / 150));
      output.hidden = true;
      again();
    } else tell(event.offsetX, event.offsetY);
  });
  canvas.addEventListener("pointerdown", (event) => tell(event.offsetX, event.offsetY));
  canvas.addEventListener("pointerleave", () => tell(-99, -99));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (!step) return;
    event.preventDefault();
    turn += step[0];
    tilt = Math.max(-1.5, Math.min(1.5, tilt + step[1]));
    again();
  });
  for (const choice of [select, box]) if (choice) choice.addEventListener("change", () => tell(-99, -99));
  new ResizeObserver(again).observe(canvas);
  figure.querySelector(".scale i").style.background = `linear-gradient(90deg, ${data.shades.join(", ")})`;
  output.hidden = true;
  figure.hidden = false;
  again();
}
