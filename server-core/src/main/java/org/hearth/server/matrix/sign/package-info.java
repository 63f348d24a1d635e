/// Signatures, and the events that this server makes.
///
/// ```
///   EventDraft + EventLinks ──LocalEvents──▶ Pdu, hashed; signed when its JSON is asked for
///   ObjectNode ──Signatures.sign──▶ signed ──Signatures.verify + VerifyKey──▶ SignatureVerdict
///   event ──EventSignatures.verify──▶ SignatureVerdict
///   request ──SignedRequest──▶ bytes that its sender signs and its receiver checks
/// ```
///
/// All is pure and safe on any thread. Uses `id`, `json`, `version`, `event`.
///
/// Source: [Signing JSON](https://spec.matrix.org/v1.19/appendices/#signing-json), [signing
/// events](https://spec.matrix.org/v1.19/server-server-api/#signing-events).
@NullMarked
package org.hearth.server.matrix.sign;

import org.jspecify.annotations.NullMarked;
