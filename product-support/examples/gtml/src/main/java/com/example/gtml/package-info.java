/** Security plugin of the card product GTML. Nothing here is exported. */
package com.example.gtml;
