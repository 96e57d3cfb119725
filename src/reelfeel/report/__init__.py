"""Numbers in, one page out: pictures, verdict and the offline HTML report."""

from reelfeel.extras import require

require("report", "matplotlib", "wordcloud", "jinja2", "sklearn")
