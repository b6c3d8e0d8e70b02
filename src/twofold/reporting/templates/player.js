
// A clip and the responses to it: play, scrub, point.
{
  const figure = document.getElementById("player");
  const { clips, sheets } = JSON.parse(figure.querySelector("script").textContent);
  const find = (name) => figure.querySelector(name);
  const [film, plot, slider, play, clock, told, mouse, neuron] =
    [".film", ".plot", "input", ".play", ".clock", "output", ".mouse", ".neuron"].map(find);
  const KINDS = ["observed", "video_only", "conditioned", "low", "high"];
  const NAMES = { observed: "recorded", video_only: "video alone", conditioned: "given others" };
  const [INK, QUIET, LINE] = ["#1f2933", "#697683", "#d5dae0"];
  const MARGIN = { left: 38, right: 6, top: 8, bottom: 34 };
  const colour = Object.fromEntries([...figure.querySelectorAll(".now dd")].map((told) =>
    [told.className, told.previousElementSibling.querySelector("i").style.getPropertyValue("--c")]));
  const films = sheets.map((sheet) => Object.assign(new Image(), { src: sheet.src, onload: () => again() }));
  let [clip, k, now, hover, playing, clockwise, waiting] = [clips[0], 0, 0, -1, false, 0, false];

  for (const each of clips) {
    const count = each.seconds.length;
    for (const kind of KINDS) {
      const bytes = Uint8Array.from(atob(each[kind]), (letter) => letter.charCodeAt(0));
      const steps = new Uint16Array(bytes.buffer);
      each[kind] = each.neuron.map((_, n) =>
        Array.from(steps.subarray(n * count, (n + 1) * count), (step) => (step / 65535) * each.top[n]));
    }
  }

  const round = (value) => value.toFixed(value < 10 ? 2 : 1);
  const last = () => clip.seconds.length - 1;
  const at = (index) => clip.seconds[index];
  const span = () => at(last()) - at(0);

  function area() {
    const [width, height] = [plot.clientWidth - MARGIN.left - MARGIN.right, plot.clientHeight - MARGIN.top - MARGIN.bottom];
    const across = (index) => MARGIN.left + (width * (at(index) - at(0))) / span();
    const up = (value) => MARGIN.top + height * (1 - value / (1.04 * clip.top[k]));
    return { width, height, across, up };
  }

  function step(range, most) {
    const rough = range / most;
    const ten = 10 ** Math.floor(Math.log10(rough));
    return ten * [1, 2, 5, 10].find((each) => each * ten >= rough);
  }

  function axes(pen, { width, height, up }) {
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = QUIET;
    pen.strokeStyle = LINE;
    pen.lineWidth = 1;
    pen.textAlign = "right";
    const tall = step(clip.top[k], 4);
    for (let value = 0; value <= 1.04 * clip.top[k]; value += tall) {
      pen.beginPath();
      pen.moveTo(MARGIN.left, up(value));
      pen.lineTo(MARGIN.left + width, up(value));
      pen.stroke();
      pen.fillText(String(+value.toPrecision(3)), MARGIN.left - 6, up(value) + 4);
    }
    pen.textAlign = "center";
    const wide = step(span(), width / 60);
    for (let second = Math.ceil(at(0) / wide) * wide; second <= at(last()); second += wide)
      pen.fillText(String(+second.toPrecision(3)), MARGIN.left + (width * (second - at(0))) / span(), MARGIN.top + height + 15);
    pen.fillText("seconds", MARGIN.left + width / 2, MARGIN.top + height + 30);
  }

  function curve(pen, values, { across, up }, back = false) {
    const order = values.map((_, index) => index);
    for (const index of back ? order.reverse() : order) pen.lineTo(across(index), up(values[index]));
  }

  function mark(pen, index, { across, up, height }, strong) {
    pen.strokeStyle = strong ? INK : QUIET;
    pen.lineWidth = strong ? 1.5 : 1;
    pen.beginPath();
    pen.moveTo(across(index), MARGIN.top);
    pen.lineTo(across(index), MARGIN.top + height);
    pen.stroke();
    for (const kind of Object.keys(NAMES)) {
      pen.fillStyle = colour[kind];
      pen.beginPath();
      pen.arc(across(index), up(clip[kind][k][index]), 3.5, 0, 7);
      pen.fill();
    }
  }

  function draw() {
    waiting = false;
    const ratio = window.devicePixelRatio || 1;
    plot.width = plot.clientWidth * ratio;
    plot.height = plot.clientHeight * ratio;
    const [pen, here] = [plot.getContext("2d"), area()];
    pen.scale(ratio, ratio);
    axes(pen, here);
    pen.globalAlpha = 0.16;
    pen.fillStyle = colour.conditioned;
    pen.beginPath();
    curve(pen, clip.high[k], here);
    curve(pen, clip.low[k], here, true);
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineJoin = "round";
    for (const [kind, width] of [["observed", 1.1], ["video_only", 1.8], ["conditioned", 2]]) {
      pen.strokeStyle = colour[kind];
      pen.lineWidth = width;
      pen.beginPath();
      curve(pen, clip[kind][k], here);
      pen.stroke();
    }
    mark(pen, now, here, true);
    if (hover >= 0 && hover !== now) mark(pen, hover, here, false);
    show();
  }

  function show() {
    const sheet = sheets[clip.sheet];
    const frame = clip.frame[now];
    const [x, y] = [sheet.width * (frame % sheet.across), sheet.height * Math.floor(frame / sheet.across)];
    if (film.width !== sheet.width || film.height !== sheet.height) Object.assign(film, { width: sheet.width, height: sheet.height });
    film.getContext("2d").drawImage(films[clip.sheet], x, y, sheet.width, sheet.height, 0, 0, sheet.width, sheet.height);
    figure.dataset.frame = frame;
    for (const kind of Object.keys(NAMES)) find(`.now .${kind}`).textContent = round(clip[kind][k][now]);
    find(".now dd.band").textContent = `${round(clip.low[k][now])} to ${round(clip.high[k][now])}`;
    slider.value = now;
    clock.textContent = `${at(now).toFixed(2)} of ${at(last()).toFixed(2)} s`;
    slider.setAttribute("aria-valuetext", `${at(now).toFixed(2)} seconds`);
  }

  function again() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  function seek(index) {
    now = Math.max(0, Math.min(last(), index));
    again();
  }

  function nearest(x) {
    const { width } = area();
    const second = at(0) + (span() * (x - MARGIN.left)) / width;
    const after = clip.seconds.findIndex((each) => each >= second);
    if (after <= 0) return after < 0 ? last() : 0;
    return second - at(after - 1) < at(after) - second ? after - 1 : after;
  }

  function turn(on) {
    playing = on;
    if (on && now === last()) now = 0;
    play.textContent = on ? "❚❚" : "▶";
    play.setAttribute("aria-label", on ? "pause" : "play");
    clockwise = at(now);
    if (on) requestAnimationFrame((start) => run(start, start));
  }

  function run(before, time) {
    if (!playing) return;
    clockwise += Math.min(time - before, 100) / 1000;
    while (now < last() && at(now + 1) <= clockwise) now += 1;
    draw();
    if (now === last()) return turn(false);
    requestAnimationFrame((next) => run(time, next));
  }

  function point(event) {
    hover = nearest(event.offsetX);
    const lines = Object.entries(NAMES).map(([kind, name]) => `${name} ${round(clip[kind][k][hover])}`);
    const band = `90 % band ${round(clip.low[k][hover])} to ${round(clip.high[k][hover])}`;
    told.textContent = [`${at(hover).toFixed(2)} s, frame ${clip.frame[hover]}`, ...lines, band].join("\n");
    told.hidden = false;
    const right = event.offsetX < plot.clientWidth / 2;
    told.style.left = `${right ? event.offsetX + 16 : event.offsetX - told.offsetWidth - 16}px`;
    told.style.top = `${MARGIN.top + 4}px`;
    if (event.buttons) {
      turn(false);
      seek(hover);
    }
    again();
  }

  function choose(number) {
    k = Math.max(0, Math.min(clip.neuron.length - 1, number));
    neuron.value = String(k);
    again();
  }

  function load(number) {
    turn(false);
    clip = clips[number];
    hover = -1;
    told.hidden = true;
    const order = clip.neuron.map((_, n) => n).sort((a, b) => clip.agreement[b] - clip.agreement[a]);
    neuron.replaceChildren(...order.map((n) => new Option(`${clip.neuron[n]} (r ${clip.agreement[n].toFixed(2)})`, n)));
    slider.max = last();
    now = Math.min(now, last());
    choose(order[0]);
  }

  const KEYS = {
    " ": () => turn(!playing),
    ArrowLeft: () => seek(now - 1),
    ArrowRight: () => seek(now + 1),
    Home: () => seek(0),
    End: () => seek(last()),
    ArrowUp: () => beside(-1),
    ArrowDown: () => beside(1),
  };

  function beside(by) {
    const order = [...neuron.options].map((option) => Number(option.value));
    choose(order[Math.max(0, Math.min(order.length - 1, order.indexOf(k) + by))]);
  }

  plot.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    if (event.key !== " " && playing) turn(false);
    KEYS[event.key]();
  });
  plot.addEventListener("pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    point(event);
  });
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerleave", () => {
    [hover, told.hidden] = [-1, true];
    again();
  });
  play.addEventListener("click", () => turn(!playing));
  slider.addEventListener("input", () => {
    if (playing) turn(false);
    seek(Number(slider.value));
  });
  neuron.addEventListener("change", () => choose(Number(neuron.value)));
  if (mouse) mouse.addEventListener("change", () => load(mouse.selectedIndex));
  figure.hidden = false;
  load(0);
  new ResizeObserver(again).observe(plot);
}
