-- What error-translation visibly does under problem.json, written by hand for that one service and
-- the one shape in which it tells errors: its facts are dynamic metadata here, nothing is looked for
-- that must not leave, and nothing is counted.

local CATALOG = {
  insufficient_stock = {
    name = "out-of-stock",
    type = "https://example.com/problems/out-of-stock",
    title = "Out of stock",
  },
}

function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get(":authority") ~= "orders.example.com" then
    return
  end
  local asked = handle:streamInfo():dynamicMetadata()
  asked:set("asked", "request", headers:get("x-request-id"))
  local trace = (headers:get("traceparent") or ""):match("^00%-(%x+)%-")
  asked:set("asked", "trace", trace or "")
end

function envoy_on_response(handle)
  local asked = handle:streamInfo():dynamicMetadata():get("asked")
  local status = handle:headers():get(":status")
  if not asked or tonumber(status) < 400 then
    return
  end
  local body = handle:body()
  local text = body:getBytes(0, body:length())
  local code = text:match('"code":"([^"\\]*)"')
  local message = text:match('"message":"([^"\\]*)"')
  local entry = CATALOG[code]
  if not entry or not message then
    return
  end
  local request = asked["request"]
  body:setBytes('{"type":"' .. entry.type .. '","title":"' .. entry.title
    .. '","status":' .. status .. ',"detail":"' .. message
    .. '","instance":"urn:uuid:' .. request .. '","code":"' .. code
    .. '","requestId":"' .. request .. '","service":"orders"'
    .. ',"traceId":"' .. asked["trace"] .. '"}')
  -- To wait for a body ends the life of what was asked for before.
  local headers = handle:headers()
  headers:replace("content-type", "application/problem+json")
  headers:remove("etag")
  headers:remove("last-modified")
  local facts = handle:streamInfo():dynamicMetadata()
  facts:set("treaty", "error_type", entry.name)
  facts:set("treaty", "error_source", "upstream")
  facts:set("treaty", "error_dialect", "errorMember")
  facts:set("treaty", "error_outcome", "translated")
end
