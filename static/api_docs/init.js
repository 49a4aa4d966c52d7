// Starts Swagger's browser of the API on our own schema. A file of its own, because the page allows no inline scripts.
"use strict";

const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  // No outside validator, and no credentials kept in the browser's storage.
  validatorUrl: null,
  persistAuthorization: false,
});
