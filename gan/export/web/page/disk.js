// Browsers do not load modules from a disk, so that app.js never starts there. This script does.
if (location.protocol === "file:") {
  document.getElementById("status").textContent =
    "A page opened from disk does not start: put the folder on a web server.";
}
