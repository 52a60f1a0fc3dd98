"""HTTP beside GraphQL: health, pages, uploads, files; and the form that every error takes."""
