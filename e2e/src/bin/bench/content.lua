-- Waits for the content of a request, as whatever is to look at it has to. Nothing is read or checked:
-- Lua in Envoy has no reader of JSON.

function envoy_on_request(handle)
  local content = handle:body()
  if content then
    content:length()
  end
end
