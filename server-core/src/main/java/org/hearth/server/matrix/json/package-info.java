/// JSON as the protocol wants it: read strictly, written once, and in the canonical form that is hashed
/// and signed.
///
/// ```
///   bytes ──MatrixJson.parse──▶ JsonNode ──MatrixJson.write──▶ bytes
///                                  │
///                                  └──CanonicalJson.encode──▶ bytes to be hashed, signed, stored
///   a peer's request ──PeerJson.parse──▶ JsonNode ──PeerJson.readable──▶ without what is refused
/// ```
///
/// Trees are Jackson's; by convention nobody changes a node that he did not just build. All is pure and
/// safe on any thread. Uses `error`.
///
/// Source: [Signing JSON](https://spec.matrix.org/v1.19/appendices/#signing-json), [RFC 8259][rfc].
///
/// [rfc]: https://www.rfc-editor.org/rfc/rfc8259
@NullMarked
package org.hearth.server.matrix.json;

import org.jspecify.annotations.NullMarked;
