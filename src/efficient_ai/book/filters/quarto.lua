-- What Quarto adds to pandoc's Markdown, for HTML, Typst and notebooks: numbers and cross references, callouts,
-- tabsets, folded code, columns, content for one format only, and exercises.
local names = {fig = 'Figure', tbl = 'Table', eq = 'Equation', sec = 'Section', exr = 'Exercise'}
local typst, html = FORMAT == 'typst', FORMAT == 'html'
local notebook = not typst and not html
local stringify, nbsp = pandoc.utils.stringify, '\u{a0}'
local refs, tabsets, here, depth = {}, 0, nil, 3

local function raw(text) return pandoc.RawBlock(typst and 'typst' or 'html', text) end
local function markdown(text) return pandoc.read(text, 'markdown').blocks[1].content end
local function caption(inlines) return {long = {pandoc.Plain(inlines)}} end
local function kind(id) local k = id:match '^(%l+)%-'; return names[k] and k end
local function is_h1(b) return b.t == 'Header' and b.level == 1 end
local function stop(text, ...) error(here .. ': ' .. text:format(...), 0) end
local function to_typst(inlines)
  return (pandoc.write(pandoc.Pandoc{pandoc.Plain(inlines)}, 'typst', {wrap_text = 'none'}):gsub('%s+$', ''))
end

local function define(id, word, number)
  if refs[id] then stop('the id %s stands on two things', id) end
  refs[id] = {word = word, number = number, page = here}
end

-- A Div's title: its first heading, which is taken out, or its `title`.
local function title_of(div, default)
  local first = div.content[1]
  if first and first.t == 'Header' then return div.content:remove(1).content end
  return div.attributes.title and markdown(div.attributes.title) or pandoc.Inlines(default or '')
end

local function callout(div, name)
  local title = title_of(div, name:gsub('^%l', string.upper))
  if notebook then return pandoc.Div(pandoc.Blocks{pandoc.Para{pandoc.Strong(title)}} .. div.content, {'', {'box'}}) end
  if typst then
    return pandoc.Div({raw('#callout("' .. name .. '", ['), pandoc.Plain(title), raw '])['} .. div.content .. {raw ']'})
  end
  local fold = div.attributes.collapse
  local box, head = fold and 'details' or 'div', fold and 'summary' or 'p'
  local open = ('<%s class="callout callout-%s"%s%s><%s class="callout-title">')
    :format(box, name, fold and '' or ' role="note"', fold == 'false' and ' open' or '', head)
  return pandoc.Div({raw(open), pandoc.Plain(title), raw('</' .. head .. '><div class="callout-body">')} .. div.content
    .. {raw('</div></' .. box .. '>')})
end

-- Tabs are sections with a heading each; in HTML a script makes tabs of them.
local function tabset(div)
  local blocks, level = pandoc.Blocks{}, nil
  tabsets = tabsets + 1
  for _, block in ipairs(div.content) do
    if not level and block.t ~= 'Header' then stop 'a tabset must begin with a heading' end
    level = level or block.level
    if block.t ~= 'Header' or block.level ~= level then blocks:insert(block)
    elseif not html then blocks:insert(pandoc.Para{pandoc.Strong(block.content)})
    else
      blocks:extend{raw((#blocks == 0 and '' or '</section>') .. '<section class="tab"><p class="tab-title">'),
        pandoc.Plain(block.content), raw '</p>'}
    end
  end
  if not html then return pandoc.Div(blocks) end
  blocks:insert(raw '</section>')
  return pandoc.Div(blocks, {'', {'tabset'}})
end

local function columns(blocks, count)
  if not count or notebook then return {pandoc.Div(blocks)} end
  if html then return {pandoc.Div(blocks, {'', {'columns'}, {style = '--columns:' .. count}})} end
  local grid = pandoc.Blocks{raw('#grid(columns: (1fr,) * ' .. count .. ', gutter: 1em, align: bottom,')}
  for _, block in ipairs(blocks) do grid:extend{raw '[', block, raw '],'} end
  return {pandoc.Div(grid .. {raw ')'})}
end

local function numbered(id, number, text)
  define(id, names[kind(id)], number)
  return pandoc.Inlines{pandoc.Strong{pandoc.Str(names[kind(id)] .. nbsp .. number .. '.')}, pandoc.Space()} .. text
end

-- A figure with its caption; a table's stands above it, in a box that scrolls by itself where the page is narrow.
local function figure(id, blocks, text)
  if notebook then return pandoc.Div(blocks .. {pandoc.Para(text)}) end
  if html then
    blocks = blocks:walk{Table = function(t) return pandoc.Div({t}, {'', {'table-scroll'}}) end}
  elseif kind(id) == 'tbl' then
    local rows = 0 -- a short table stays whole, a long one runs on to the next page
    blocks:walk{Table = function(t) for _, body in ipairs(t.bodies) do rows = rows + #body.body end end}
    return pandoc.Div{raw('#block(breakable: ' .. tostring(rows > 25) .. ')[#figure(kind: table, ['), pandoc.Div(blocks),
      raw '], caption: [', pandoc.Plain(text), raw(']) <' .. id .. '>]')}
  end
  return pandoc.Figure(blocks, caption(text), {id, {kind(id) == 'tbl' and 'table-figure' or 'figure'}})
end

-- A Div with a figure's or table's label: its last paragraph is the caption.
local function float(div, number)
  local id, body, panels = div.identifier, div.content, 0
  if #body < 1 or body[#body].t ~= 'Para' then stop('%s has no caption as its last paragraph', id) end
  local text = numbered(id, number, body:remove().content)
  body = body:map(function(block)
    if not block.identifier or kind(block.identifier) ~= 'fig' then return block end
    local sub
    if block.t == 'Div' then sub = block.content:remove().content
    else sub = block.caption.long[1].content end
    panels = panels + 1
    local letter = string.char(96 + panels)
    define(block.identifier, names.fig, number .. nbsp .. '(' .. letter .. ')')
    sub = pandoc.Inlines('(' .. letter .. ') ') .. sub
    if notebook then return pandoc.Div(block.content .. {pandoc.Para(sub)}) end
    return pandoc.Figure(block.content, caption(sub), block.attr)
  end)
  return figure(id, pandoc.Blocks(columns(body, div.attributes['layout-ncol'])), text), false
end

local function equation(math, id, number)
  define(id, names.eq, number)
  if notebook then
    math.text = math.text .. ' \\tag{' .. number .. '}'
    return math
  elseif html then
    return pandoc.Span({math, pandoc.Span('(' .. number .. ')', {'', {'eq-number'}})}, {id, {'equation'}})
  end
  return pandoc.RawInline('typst', ('#[#set math.equation(numbering: _ => [(%s)]); %s <%s>]')
    :format(number, to_typst{math}, id))
end

local function heading(h, label, at)
  if h.classes:includes 'unnumbered' or not label or h.level > depth then
    if h.level == 1 and typst then return raw(('#chapter("", [%s]) <%s>'):format(to_typst(h.content), h.identifier)) end
    return nil
  end
  if h.level > 1 then
    at[h.level] = (at[h.level] or 0) + 1
    for i = h.level + 1, 6 do at[i] = nil end
    for i = 2, h.level do at[i] = at[i] or 0 end
  end
  local number = table.concat(at, '.', 1, h.level)
  if kind(h.identifier) == 'sec' then define(h.identifier, h.level > 1 and 'Section' or label:match '%a' and 'Appendix' or 'Chapter', number) end
  if h.level == 1 and typst then
    return raw(('#chapter("%s", [%s]) <%s>'):format(number, to_typst(h.content), h.identifier))
  end
  h.content = pandoc.Inlines{pandoc.Span(number, {'', {'header-section-number'}}), pandoc.Space()} .. h.content
  return h
end

local div_attributes = {title = true, collapse = true, ['when-format'] = true, ['unless-format'] = true,
  ['layout-ncol'] = true, n = true}
local div_classes = pandoc.List{'chapter', 'panel-tabset', 'content-visible', 'content-hidden'}

local function check_div(d)
  for name in pairs(d.attributes) do
    if not div_attributes[name] then stop('a block with the attribute %s, which only Quarto knows', name) end
  end
  for _, class in ipairs(d.classes) do
    if not div_classes:includes(class) and not class:match '^callout%-%l+$' then
      stop('a block of class .%s, which only Quarto knows', class)
    end
  end
end

-- A column without an alignment: to the right if it holds numbers, else to the left. Short entries stay on one line,
-- so that a narrow page breaks headings and sentences, and no name at its hyphen.
local function aligned(t)
  local rows, numbers, longest = pandoc.List(), {}, {}
  for _, body in ipairs(t.bodies) do rows:extend(body.body) end
  for _, row in ipairs(rows) do
    for c, cell in ipairs(row.cells) do
      local text = stringify(cell.contents)
      longest[c] = math.max(longest[c] or 0, utf8.len(text) or #text)
      if numbers[c] ~= false and text ~= '' then numbers[c] = text:match '^[-+~]?%d[%d., ]*%%?$' ~= nil end
    end
  end
  for _, row in ipairs(html and rows or {}) do
    for c, cell in ipairs(row.cells) do
      if longest[c] <= (c == 1 and 20 or 16) then cell.attr.classes:insert 'short' end
    end
  end
  for c, spec in ipairs(t.colspecs) do
    if spec[1] == 'AlignDefault' then t.colspecs[c] = {numbers[c] and 'AlignRight' or 'AlignLeft', spec[2]} end
  end
  return t
end

-- Numbers a page and rewrites its Quarto blocks; `label` is its number, its letter or nil.
local function page(div, label)
  local count, at = {}, {label}
  local function nth(k)
    count[k] = (count[k] or 0) + 1
    return (label and label .. '.' or '') .. count[k]
  end
  return div:walk{Table = aligned}:walk{
    traverse = 'topdown',
    Header = function(h) return heading(h, label, at) end,
    Div = function(d)
      check_div(d)
      local k, has = kind(d.identifier), function(class) return d.classes:includes(class) end
      local box = stringify(d.classes):match 'callout%-(%l+)'
      if box then return callout(d, box) end
      if has 'panel-tabset' then return tabset(d) end
      if has 'content-visible' or has 'content-hidden' then
        local when = (d.attributes['when-format'] or d.attributes['unless-format']) == 'html'
        local inside = (when == not typst) == (d.attributes['when-format'] ~= nil)
        return inside == has 'content-visible' and pandoc.Div(d.content) or {}
      end
      if k == 'exr' then
        local number = nth(k)
        local title = title_of(d)
        local name = title and #title > 0 and ' (' .. stringify(title) .. ')' or ''
        define(d.identifier, names[k], number)
        local lead = pandoc.Inlines{pandoc.Strong(names[k] .. nbsp .. number .. name .. '.'), pandoc.Space()}
        local first = d.content[1]
        if first and first.t == 'Para' then first.content = lead .. first.content
        else d.content:insert(1, pandoc.Para(lead)) end
        if html then d.classes = {'exercise'} end
        return d
      end
      if k == 'fig' or k == 'tbl' then return float(d, nth(k)) end
      if d.attributes['layout-ncol'] then return columns(d.content, d.attributes['layout-ncol']) end
    end,
    Figure = function(f)
      if kind(f.identifier) ~= 'fig' then return nil end
      local text = numbered(f.identifier, nth 'fig', f.caption.long[1].content)
      local body = f.content:walk{Image = function(image)
        local alt = image.attributes['fig-alt']
        if not alt then stop('%s has no fig-alt', f.identifier) end
        image.attributes['fig-alt'], image.caption = nil, pandoc.Inlines(alt)
        return image
      end}
      return figure(f.identifier, html and pandoc.Blocks{pandoc.Div(body)} or body, text), false
    end,
    Table = function(t)
      if kind(t.identifier) ~= 'tbl' then
        return html and pandoc.Div({t}, {'', {'table-scroll'}}) or nil, false
      end
      local id, text = t.identifier, t.caption.long[1].content
      t.identifier, t.caption = '', {long = {}}
      return figure(id, pandoc.Blocks{t}, numbered(id, nth 'tbl', text)), false
    end,
    CodeBlock = function(code)
      local fold = code.attributes['code-fold']
      if not fold then return nil end
      local summary = code.attributes['code-summary']
      code.attributes = {}
      if typst then return code, false end
      local open = '<details class="code-fold"' .. (fold == 'show' and ' open' or '') .. '><summary>'
      return {raw(open .. summary .. '</summary>'), code, raw '</details>'}, false
    end,
    Para = function(para) -- $$ ... $$ {#eq-label}
      for i, math in ipairs(para.content) do
        if math.t == 'Math' and math.mathtype == 'DisplayMath' then
          local j = (para.content[i + 1] or {}).t == 'Str' and i + 1 or i + 2
          local id = ((para.content[j] or {}).text or ''):match '^{#(eq%-[%w_-]+)}$'
          if id then
            for _ = i + 1, j do para.content:remove(i + 1) end
            para.content[i] = equation(math, id, nth 'eq')
          end
        end
      end
      return para
    end,
    Str = function(str) if str.text:match '^{{<' then stop 'a shortcode that only Quarto knows' end end,
  }
end

local function cite(c, gone)
  if not kind(c.citations[1].id) then return nil end
  local links = pandoc.Inlines{}
  for i, item in ipairs(c.citations) do
    local ref = refs[item.id] or stop('no such cross reference: @%s', item.id)
    local text = pandoc.Inlines(item.mode == 'SuppressAuthor' and ref.number or ref.word .. nbsp .. ref.number)
    if #item.prefix > 0 then text = item.prefix .. pandoc.Inlines(nbsp .. ref.number) end
    if i > 1 then links:extend{pandoc.Str ',', pandoc.Space()} end
    if notebook or gone[ref.page] then links:extend(text)
    else links:insert(pandoc.Link(text, '#' .. item.id, '', {'', {'xref'}})) end
    links:extend(item.suffix)
  end
  return links
end

-- Headings such as "Summary" stand on many pages; the PDF is one document, where an id must be unique.
local function unique_ids(blocks)
  local seen = {}
  for i, div in ipairs(blocks) do
    local renamed = {}
    div = div:walk{Header = function(h)
      local id = h.identifier
      if seen[id] then renamed[id] = id .. '-' .. i; h.identifier = renamed[id] end
      seen[id] = true
      return h
    end}
    blocks[i] = div:walk{Link = function(link)
      local new = renamed[link.target:match '^#(.*)' or '']
      if new then link.target = '#' .. new; return link end
    end}
  end
end

function Pandoc(doc)
  local number, letter, first, gone = 0, 64, {}, {}
  depth = tonumber(stringify(doc.meta['number-depth']))
  for _, file in ipairs(doc.meta['left-out'] or {}) do gone[stringify(file)] = true end
  if typst then unique_ids(doc.blocks) end
  for i, div in ipairs(doc.blocks) do
    here = div.identifier
    local title, label = div.content:find_if(is_h1) or stop 'it has no title', nil
    first[here] = title.identifier
    if not title.classes:includes 'unnumbered' and here ~= 'index.qmd' then
      if doc.meta.pages[i].appendix then letter = letter + 1; label = string.char(letter)
      else number = number + 1; label = tostring(number) end
    end
    doc.blocks[i] = page(div, label)
  end
  local blocks = pandoc.Blocks{}
  for _, div in ipairs(doc.blocks) do
    here = div.identifier
    div = div:walk{
      Cite = function(c) return cite(c, gone) end,
      Link = function(link) -- to another page's file
        local file, anchor = link.target:match '^(.-%.qmd)#?(.*)$'
        if not file then return nil end
        if not first[file] then stop('a link to %s, which is no page of the book', file) end
        if notebook or gone[file] then return link.content end
        link.target = '#' .. (anchor ~= '' and anchor or first[file])
        return link
      end,
    }
    if typst and not gone[here] then blocks:extend(div.content) -- a page break cannot stand inside a block
    elseif not gone[here] then blocks:insert(div) end
  end
  doc.blocks = blocks
  return doc
end
