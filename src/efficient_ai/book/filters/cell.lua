-- The options of a {python} cell. One that is not listed stops the run: pages stay within what Quarto and we know.
local known = {label = '', ['fig-cap'] = '', ['fig-alt'] = '', ['fig-subcap'] = false, ['tbl-cap'] = '',
  ['layout-ncol'] = false, echo = true, eval = true, include = true, output = true, error = false, warning = false,
  ['code-fold'] = false, ['code-summary'] = 'Code', tags = false}
local stringify = pandoc.utils.stringify
local M = {}

-- Takes the project's own defaults, as `_quarto.yml` gives them.
function M.defaults(values)
  for name, value in pairs(values or {}) do known[name] = value end
end

-- A cell's code without its `#|` lines, and its options; values are pandoc's, since captions are Markdown.
function M.parse(text)
  local yaml, code = pandoc.List(), pandoc.List()
  for line in (text .. '\n'):gmatch '(.-)\n' do
    local option = #code == 0 and line:match '^#| ?(.*)'
    if option then yaml:insert(option) else code:insert(line) end
  end
  local options = pandoc.read('---\n' .. table.concat(yaml, '\n') .. '\n---\n', 'markdown').meta
  for name in pairs(options) do
    if known[name] == nil then error('the cell option "' .. name .. '" is unknown', 0) end
  end
  setmetatable(options, {__index = known})
  return table.concat(code, '\n'), options
end

-- "fig", "tbl" or nil, by the cell's label.
function M.float(options)
  local kind = stringify(options.label):match '^(%l%l%l)%-'
  return (kind == 'fig' or kind == 'tbl') and kind or nil
end

-- Runs `f`, and says in which page and which cell it stopped.
function M.located(page, number, options, f)
  local ok, result = pcall(f)
  if ok then return result end
  local label = options and stringify(options.label) or ''
  error(('%s, cell %s: %s'):format(page, label ~= '' and label or number, result), 0)
end

return M
