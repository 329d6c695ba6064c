"""The book's machinery: figures, studies, notebooks, pages. Not part of the wheel."""
