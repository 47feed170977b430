-- Puts each {python} cell's code and outputs, and each inline value, in its place, as the `#|` options say. For a
-- notebook the cells stay to be run there, in a Div with their caption where they have one.
local Cell = dofile(pandoc.path.join{pandoc.path.directory(PANDOC_SCRIPT_FILE), 'cell.lua'})
local stringify = pandoc.utils.stringify
local typst = FORMAT == 'typst'
local notebook = not typst and FORMAT ~= 'html'
local site

-- Apostrophes of computed text, as in the prose around it.
local function curly(text)
  return (text:gsub("(%w)'(%a)", '%1’%2'):gsub("(%as)'(%s)", '%1’%2'):gsub("(%as)'$", '%1’'))
end

-- A number and its unit stay on one line.
local units = pandoc.List{'%', '×', 'B', 'KiB', 'MiB', 'GiB', 'kB', 'KB', 'MB', 'GB', 's', 'ms', 'µs', 'ns', 'Hz', 'kHz', 'MHz', 'GHz',
  'W', 'mW', 'µW', 'MWh', 'J', 'mJ', 'µJ', 'pJ', 'nm', 'V', 'dB', 'GB/s', 'MB/s', 'TOPS', 'GMACs'}
local function with_units(inlines)
  for i = 2, #inlines - 1 do
    local before, gap, after = inlines[i - 1], inlines[i], inlines[i + 1]
    if (gap.t == 'Space' or gap.t == 'SoftBreak') and before.t == 'Str' and after.t == 'Str'
      and before.text:match '%d$' and units:includes((after.text:gsub('[).,;:?]+$', ''))) then
      inlines[i] = pandoc.Str '\u{a0}'
    end
  end
  return inlines
end

local function truthy(value) return value and stringify(value) ~= 'false' end

-- One output as blocks; Python has picked the form that this format shows.
local function shown(output, options)
  local kind, text = output.kind, output.text
  if kind == 'image' then
    return {pandoc.Plain{pandoc.Image(stringify(options['fig-alt']), site .. '/' .. text)}}
  elseif kind == 'markdown' or stringify(options.output) == 'asis' then
    return pandoc.read(text, 'markdown').blocks:walk{Str = function(str) return pandoc.Str(curly(str.text)) end}
  elseif kind == 'html' then
    if not text:match '<table' or text:match '<script' then
      local alt = stringify(options['fig-alt']):gsub('[&<>"]', {['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;'})
      if alt == '' then return {pandoc.RawBlock('html', text)} end
      return {pandoc.RawBlock('html', '<div role="group" aria-label="' .. alt .. '">' .. text .. '</div>')}
    end
    return pandoc.read(text:gsub('<style.-</style>', ''), 'html').blocks:walk{
      Div = function(div) return div.content end,
      Str = function(str) return pandoc.Str(curly(str.text)) end,
    }
  end
  local block = pandoc.CodeBlock(text, {'', {'cell-output', kind}})
  if not typst then return {block} end
  return {pandoc.Div{pandoc.RawBlock('typst', '#output['), block, pandoc.RawBlock('typst', ']')}}
end

local function float(kind, options, body)
  local label, columns = stringify(options.label), options['layout-ncol']
  local caption = options[kind .. '-cap']
  if stringify(caption) == '' then error('it has no ' .. kind .. '-cap', 0) end
  if stringify(caption):match '{python}' then error('a caption cannot hold an inline value', 0) end
  body:insert(pandoc.Para(caption))
  return pandoc.Div(body, {label, {}, columns and {['layout-ncol'] = stringify(columns)} or {}})
end

local function weave(block, code, options, outputs)
  local kind = Cell.float(options)
  if notebook then
    if not options.eval then return options.echo and {pandoc.CodeBlock(code, {'', {'python'}})} or {} end
    local tags = pandoc.List(options.tags and options.tags:map(stringify) or {})
    if options.error then tags:insert 'raises-exception' end
    local hidden = truthy(options['code-fold']) or not options.echo or not options.include
    local cell = pandoc.CodeBlock(code, {'', {'exec'}, {n = block.attributes.n, tags = table.concat(tags, ' '),
      hidden = tostring(hidden), label = stringify(options.label)}})
    return kind and {float(kind, options, pandoc.Blocks{cell})} or {cell}
  end
  if not options.include then return {} end
  local blocks, body = pandoc.Blocks{}, pandoc.Blocks{}
  local fold = truthy(options['code-fold']) and stringify(options['code-fold'])
  if options.echo and not (typst and fold and fold ~= 'show') then
    local attr = fold and {['code-fold'] = fold, ['code-summary'] = stringify(options['code-summary'])}
    blocks:insert(pandoc.CodeBlock(code, {'', {'python', 'cell-code'}, attr}))
  end
  local n = 0
  for _, output in ipairs(options.eval and truthy(options.output) and outputs or {}) do
    output = output[FORMAT]
    if options.warning or output.kind ~= 'stderr' then
      n = n + 1
      local subs = options['fig-subcap']
      local part = pandoc.Blocks(shown(output, options))
      if kind == 'fig' and subs and subs[n] then
        part:insert(pandoc.Para(subs[n]))
        part = pandoc.Blocks{pandoc.Div(part, {stringify(options.label) .. '-' .. n})}
      end
      body:extend(part)
    end
  end
  if kind then
    if n == 0 and outputs then error('it gave no output to show', 0) end
    if kind == 'fig' and stringify(options['fig-alt']) == '' then error('it has no fig-alt', 0) end
    return blocks .. {float(kind, options, body)}
  elseif options['layout-ncol'] then
    return blocks .. {pandoc.Div(body, {'', {}, {['layout-ncol'] = stringify(options['layout-ncol'])}})}
  end
  return blocks .. body
end

function Pandoc(doc)
  Cell.defaults(doc.meta.cells)
  site = doc.meta.site and stringify(doc.meta.site)
  for i, page in ipairs(doc.blocks) do
    local results
    if doc.meta.results and doc.meta.results[page.identifier] then
      results = pandoc.json.decode(pandoc.system.read_file(stringify(doc.meta.results[page.identifier])), false)
    end
    doc.blocks[i] = page:walk{
      CodeBlock = function(block)
        if not block.classes:includes 'exec' then return nil end
        local n, code, options = block.attributes.n, nil, nil
        Cell.located(page.identifier, n, nil, function() code, options = Cell.parse(block.text) end)
        return Cell.located(page.identifier, n, options, function()
          return weave(block, code, options, results and (results.cells[n] or {}))
        end)
      end,
      Code = function(code)
        if notebook or not code.classes:includes 'value' then return nil end
        return pandoc.Inlines(curly(results and results.values[code.attributes.n] or '…'))
      end,
    }
    if not notebook then doc.blocks[i] = doc.blocks[i]:walk{Inlines = with_units} end
  end
  return doc
end
