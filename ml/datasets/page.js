// The button that switches between light and dark.
(function () {
  var root = document.documentElement, button = document.getElementById("theme");
  function dark() { return root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches; }
  function tell() { button.textContent = dark() ? "Light" : "Dark";
    document.dispatchEvent(new CustomEvent("theme", { detail: dark() })); }
  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark"; tell(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  tell();
})();
