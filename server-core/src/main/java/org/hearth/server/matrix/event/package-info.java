/// Events as servers exchange them, their format, hashes and redaction, and what a client is shown.
///
/// ```
///   ObjectNode + RoomVersion ──PduFormat, Pdu.parse──▶ Pdu ──ClientEventFormat──▶ what clients see
///                                                      │ │
///                              Redaction, ContentHash ─┘ └─ ReferenceHash ──▶ EventId
/// ```
///
/// All are pure, and all values immutable and safe on any thread; the JSON trees in them by convention.
/// Uses `id`, `json`, `version`, `error`. Who signs events is `sign`.
///
/// Source: [PDUs](https://spec.matrix.org/v1.19/server-server-api/#pdus), [event format][format].
///
/// [format]: https://spec.matrix.org/v1.19/client-server-api/#room-event-format
@NullMarked
package org.hearth.server.matrix.event;

import org.jspecify.annotations.NullMarked;
