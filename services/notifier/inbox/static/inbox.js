// Makes the page live: counts down, follows what is new, fits the mail's frame. Everything works without it.
"use strict";

const span = (seconds) => {
  const s = Math.floor(Math.abs(seconds));
  const days = Math.floor(s / 86400), hours = Math.floor((s % 86400) / 3600), minutes = Math.floor((s % 3600) / 60);
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes >= 10 ? `${minutes} min` : `${minutes}:${String(s % 60).padStart(2, "0")} min`;
};

const tick = () => {
  for (const time of document.querySelectorAll("[data-deadline]")) {
    const left = (Date.parse(time.dataset.deadline) - Date.now()) / 1000;
    const word = left < 0 ? " over" : "short" in time.dataset ? "" : " left";
    time.textContent = span(left) + word;
    time.classList.toggle("late", left < 0);
  }
  for (const bar of document.querySelectorAll("[data-clock]")) {
    const left = (Date.parse(bar.dataset.clock) - Date.now()) / 1000;
    bar.value = Math.max(0, left);
    bar.classList.toggle("late", left < bar.max / 5);
  }
};

const fit = (frame) => {
  const grow = () => {
    const page = frame.contentDocument && frame.contentDocument.documentElement;
    if (page) frame.style.height = `${page.scrollHeight + 2}px`;
  };
  frame.addEventListener("load", grow);
  grow();
};

const copyable = (prose) => {
  if (!navigator.clipboard || prose.parentElement.querySelector(".copy")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(prose.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  prose.parentElement.querySelector("h2").append(button);
};

const openNamed = () => {
  const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (named && named.tagName === "DETAILS") { named.open = true; named.scrollIntoView({ block: "nearest" }); }
};

// What is open stays open, whatever comes in meanwhile: only the list says that something else is more urgent now.
const pin = () => {
  const open = document.querySelector("[data-card]");
  const here = new URL(location.href);
  if (!open || here.searchParams.has("card")) return;
  here.searchParams.set("card", open.dataset.card);
  history.replaceState(null, "", here);
};

const dress = () => {
  pin();
  const chosen = document.querySelector(".people [aria-current]");
  if (chosen) chosen.closest("ul").scrollLeft = chosen.offsetLeft - 120;
  tick();
  document.querySelectorAll("[data-fit]").forEach(fit);
  document.querySelectorAll("[data-copy]").forEach(copyable);
};

const busy = () => {
  const drawer = document.querySelector("details.drawer[open]");
  const typed = [...document.querySelectorAll("textarea")].some((one) => one.value !== "");
  return Boolean(drawer) || typed;
};

const show = async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const desk = page.getElementById("desk");
  if (!desk) { location.reload(); return; }
  const bar = page.querySelector("header.bar");
  document.getElementById("desk").replaceWith(document.adoptNode(desk));
  document.querySelector("header.bar").replaceWith(document.adoptNode(bar));
  document.title = page.title;
  document.body.dataset.tag = page.body.dataset.tag;
  document.querySelector(".changed").hidden = true;
  dress();
};

const follow = async () => {
  const { tag, tagUrl, reloadEvery } = document.body.dataset;
  if (reloadEvery) { setTimeout(() => location.reload(), Number(reloadEvery) * 1000); return; }
  if (!tagUrl) return;
  try {
    if (!document.hidden) {
      const answer = await fetch(tagUrl);
      const now = answer.ok ? (await answer.json()).tag : "";
      if (now && now !== tag) {
        if (busy()) document.querySelector(".changed").hidden = false;
        else await show();
      }
    }
  } catch (_) { /* the messenger is away: the page stays as it is and asks again */ }
  setTimeout(follow, 1500);
};

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-reload]")) show();
});
document.addEventListener("submit", (event) => {
  // After the browser has collected the form: a disabled button would not be sent with it.
  setTimeout(() => event.target.querySelectorAll("button").forEach((one) => { one.disabled = true; }), 0);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.drawer[open]").forEach((one) => { one.open = false; one.querySelector("summary").focus(); });
});
window.addEventListener("hashchange", openNamed);
setInterval(tick, 1000);
dress();
openNamed();
follow();
