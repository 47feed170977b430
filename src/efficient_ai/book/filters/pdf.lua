-- The last touches for Typst: paths from the project's root, and no links to files that a PDF cannot open.
return {{
  Image = function(image)
    if not image.src:match '^%a+:' then image.src = '/' .. image.src end
    return image
  end,
  Link = function(link)
    if not link.target:match '^#' and not link.target:match '^%a[%w+.-]*:' then return link.content end
  end,
}}
