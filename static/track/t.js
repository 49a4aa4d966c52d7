// The snippet of tracking, served at /t.js without its comments and indentation (a test holds it under 1,024 bytes).
//   <script async src="https://compass.example.com/t.js" data-key="ccw_…"></script>
//   (window.compass = window.compass || []).push(["track", "Order Completed", {total: 12}])
// No inline script is needed, so a strict Content-Security-Policy allows it with script-src and connect-src.
(function (w, d, n) {
  var script = d.currentScript, set = script.dataset, waiting = [], timer
  var url = new URL("/v1/batch", script.src), early = w.compass || []
  function get(key) { try { return localStorage[key] } catch (e) { return w[key] } }
  function put(key, value) { w[key] = value; try { value ? localStorage[key] = value : delete localStorage[key] } catch (e) {} }
  function id() { return crypto.randomUUID ? crypto.randomUUID() : Date.now().toString(36) + Math.random().toString(36).slice(2) }
  function device() { var a = get("cc_a"); if (!a) put("cc_a", a = id()); return a }
  // What cannot be sent waits; text/plain needs no question to the server first. No cookies: the key is in the body.
  function send(leaving) {
    timer = clearTimeout(timer)
    var batch = waiting.splice(0, 50)
    if (!batch.length) return
    var body = JSON.stringify({ writeKey: set.key, sentAt: new Date(), batch: batch })
    function back() { waiting = batch.concat(waiting).slice(0, 500); later(5e3) }
    if (leaving) n.sendBeacon(url, body) ? send(1) : back()
    else fetch(url, { method: "POST", body: body, keepalive: body.length < 6e4 }).then(function (r) { r.status > 499 || r.status == 429 ? back() : later(0) }, back)
  }
  function later(ms) { if (waiting.length && !timer) timer = setTimeout(send, ms) }
  function call(type, fields) {
    fields.type = type
    fields.messageId = id()
    fields.anonymousId = device()
    fields.userId = fields.userId || get("cc_u") || undefined
    fields.timestamp = new Date()
    fields.context = { page: { url: location.href, referrer: d.referrer, title: d.title }, userAgent: n.userAgent, locale: n.language }
    waiting.push(fields)
    later(500)
  }
  var api = w.compass = {
    page: function (name, properties) { call("page", { name: name, properties: properties }) },
    track: function (event, properties) { call("track", { event: event, properties: properties }) },
    identify: function (user, traits) { put("cc_u", user); call("identify", { userId: user, traits: traits }) },
    reset: function () { put("cc_u"); put("cc_a") },
    push: function (said) { api[said[0]].apply(api, said.slice(1)) }
  }
  // On a telephone a page that goes into the background may never come back, and says nothing more when it ends.
  d.addEventListener("visibilitychange", function () { d.hidden && send(1) })
  early.forEach(api.push)
  if (set.page != "off") api.page()
})(window, document, navigator)
