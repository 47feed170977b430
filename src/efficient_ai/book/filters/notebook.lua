-- Writes the cells of every page's notebook as JSON: {file: [cell]}. Blocks that stand in boxes, tabs or lists are
-- laid flat, so that the cells among them run in their place; a block with inline values becomes a cell.
local stringify = pandoc.utils.stringify
local repo

local function is_cell(b) return b.t == 'CodeBlock' and b.classes:includes 'exec' end

local function any(blocks, test)
  local found = false
  local function look(element) found = found or test(element) end
  pandoc.Blocks(blocks):walk{Block = look, Inline = look}
  return found
end

local function is_value(e) return e.t == 'Code' and e.classes:includes 'value' end

-- Blocks without the Divs around them; a box that holds no cell is a block quote.
local function flat(blocks)
  local out = pandoc.Blocks{}
  for _, b in ipairs(blocks) do
    if b.t == 'Div' and b.classes:includes 'box' and not any(b.content, is_cell) then
      out:insert(pandoc.BlockQuote(flat(b.content)))
    elseif b.t == 'Div' or b.t == 'BlockQuote' and any(b.content, is_cell) then out:extend(flat(b.content))
    elseif (b.t == 'BulletList' or b.t == 'OrderedList') and any({b}, is_cell) then
      for i, item in ipairs(b.content) do
        local text = pandoc.Blocks{}
        local function flush()
          if #text == 0 then return end
          out:insert(b.t == 'BulletList' and pandoc.BulletList{text}
            or pandoc.OrderedList({text}, pandoc.ListAttributes((b.start or 1) + i - 1)))
          text = pandoc.Blocks{}
        end
        for _, inner in ipairs(flat(item)) do
          if is_cell(inner) then flush(); out:insert(inner) else text:insert(inner) end
        end
        flush()
      end
    else
      if b.t ~= 'CodeBlock' and any({b}, is_cell) then error('a cell stands inside a ' .. b.t, 0) end
      out:insert(b)
    end
  end
  return out
end

-- Markdown as notebooks know it: no attributes, footnotes below the block, maths between dollars.
local function markdown(blocks)
  local notes, base = pandoc.Blocks{}, repo
  blocks = pandoc.Blocks(blocks):walk{
    Note = function(note)
      notes:insert(note)
      return pandoc.Superscript(tostring(#notes))
    end,
  }
  for i, note in ipairs(notes) do
    local content = note.content
    local first = content[1]
    if first and first.content then first.content:insert(1, pandoc.Superscript(tostring(i))) end
    blocks:extend(content)
  end
  blocks = blocks:walk{
    Div = function(d) return d.content end,
    Span = function(s) return s.content end,
    Cite = function(c) return c.content end,
    Figure = function(f) return f.content .. {pandoc.Para(f.caption.long[1].content)} end,
    RawBlock = function(r) if r.text:match '^<!%-%-' then return {} end end,
    Header = function(h) h.attr = {}; return h end,
    Link = function(l) if not l.target:match '^%a[%w+.-]*:' then return l.content end; l.attr = {}; return l end,
    Image = function(image)
      image.attr = {}
      if not image.src:match '^%a+:' then image.src = base .. image.src end
      return image
    end,
  }
  local options = pandoc.WriterOptions{wrap_text = 'none'}
  return (pandoc.write(pandoc.Pandoc(blocks), 'gfm+tex_math_dollars-tex_math_gfm', options):gsub('%s+$', ''))
end

-- A block with inline values: its text with `{}` for each, and the expressions in that order.
local function prose(block)
  local expressions = {}
  block = pandoc.Blocks{block}:walk{Code = function(code)
    if not is_value(code) then return nil end
    expressions[code.attributes.n] = code.text
    return pandoc.Str('\u{e000}' .. code.attributes.n .. '\u{e001}')
  end}
  local order = pandoc.List()
  local text = markdown(block):gsub('[{}]', '%0%0'):gsub('\u{e000}(%d+)\u{e001}', function(n)
    order:insert(n)
    return '{}'
  end)
  return text, order:map(function(n) return expressions[n] end), order
end

local function cells_of(page, references)
  local cells, text, runs = pandoc.List(), pandoc.Blocks{}, false
  local function flush()
    if #text > 0 then cells:insert{type = 'markdown', source = markdown(text)} end
    text = pandoc.Blocks{}
  end
  for _, b in ipairs(flat(page.content)) do
    if is_cell(b) then
      flush()
      local a, tags = b.attributes, pandoc.List()
      for tag in (a.tags or ''):gmatch '%S+' do tags:insert(tag) end
      cells:insert{type = 'code', source = b.text, n = a.n, tags = tags, hidden = a.hidden == 'true', label = a.label}
      runs = true
    elseif any({b}, is_value) then
      flush()
      local source, expressions, order = prose(b)
      cells:insert{type = 'prose', source = source, expressions = expressions, values = order}
      runs = true
    else
      if b.t == 'Header' then flush() end
      text:insert(b)
    end
  end
  local cited, list = {}, pandoc.Blocks{}
  page:walk{Cite = function(c) for _, item in ipairs(c.citations) do cited[item.id] = true end end}
  for _, entry in ipairs(references) do
    if cited[entry.identifier:match '^ref%-(.*)'] then list:extend(entry.content) end
  end
  if #list > 0 then
    flush()
    text:insert(pandoc.Header(2, 'References'))
    text:extend(list)
  end
  flush()
  return runs and cells or nil
end

function Writer(doc)
  repo = stringify(doc.meta['repo-url']) .. '/raw/' .. stringify(doc.meta['repo-branch']) .. '/'
  local references, out = pandoc.Blocks{}, {}
  doc.blocks:walk{Div = function(d) if d.identifier == 'refs' then references = d.content end end}
  for _, page in ipairs(doc.blocks) do
    local ok, cells = pcall(cells_of, page, references)
    if not ok then error(page.identifier .. ': ' .. tostring(cells), 0) end
    if cells then out[page.identifier] = cells end
  end
  return pandoc.json.encode(out)
end
