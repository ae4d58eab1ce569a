-- Requests of a benchmark for wrk: GET or POST spread over routes, made once before the run. Arguments: key=value.
--   target    what is asked for behind the route: 1k, 100k, 10m, post
--   routes    the first segment of the path goes from /r0/ to /r<routes - 1>/
--   body      bytes of the request's body
--   close     1: a new connection for each request
-- At the end one line of JSON.
local requests = {}
local at = 0

function init(args)
  local options = { target = "1k", routes = "50", body = "0", close = "0" }
  for _, argument in ipairs(args) do
    local key, value = argument:match("^(%w+)=(.*)$")
    if key then options[key] = value end
  end
  local headers = {
    ["Host"] = "bench.example", ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    ["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8", ["Accept-Language"] = "en",
  }
  if options.close == "1" then headers["Connection"] = "close" end
  local size = tonumber(options.body)
  local body = nil
  if size > 0 then
    body = string.rep("x", size)
    headers["Content-Type"] = "application/octet-stream"
  end
  local routes = tonumber(options.routes)
  -- 7 is prime to all numbers of routes: neighbours in time are no neighbours in the configuration.
  for i = 0, routes - 1 do
    requests[i + 1] = wrk.format(body and "POST" or "GET", "/r" .. (i * 7 % routes) .. "/" .. options.target, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"bytes":%d,"micros":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.bytes, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
