package org.hearth.server.matrix.checks;

import org.hearth.server.matrix.event.PduFault;

/// Why an event is dropped: it is neither stored nor referred to. Names may be stored and never
/// change.
public enum DropRule {
  /// Check 1: the bytes are not JSON in UTF-8, or JSON that is refused wherever it comes: a key
  /// twice, an unpaired surrogate, too deep.
  NOT_JSON(Check.FORMAT),
  /// Check 1: a member that every event of the room version has is missing.
  MEMBER_MISSING(Check.FORMAT),
  /// Check 1: a member is of the wrong JSON type.
  MEMBER_WRONG_TYPE(Check.FORMAT),
  /// Check 1: a user id, room id or event id does not follow its grammar, or that of the version.
  BAD_IDENTIFIER(Check.FORMAT),
  /// Check 1: a number is outside its range.
  OUT_OF_RANGE(Check.FORMAT),
  /// Check 1: more than 20 `prev_events` or 10 `auth_events`.
  TOO_MANY_REFERENCES(Check.FORMAT),
  /// Check 1: no canonical JSON, in a version that enforces it.
  NOT_CANONICAL(Check.FORMAT),
  /// Check 1: larger than 65,536 bytes, or a key larger than 255.
  TOO_LARGE(Check.FORMAT),

  /// Check 2: a server that must have signed has not, or only by algorithms that nobody knows.
  NOT_SIGNED(Check.SIGNATURES),
  /// Check 2: no key is at hand by which a server that must have signed has done so, or all of them
  /// had expired before the event.
  KEYS_UNKNOWN(Check.SIGNATURES),
  /// Check 2: a signature by a known key of a server that must have signed is wrong.
  SIGNATURE_WRONG(Check.SIGNATURES);

  private final Check check;

  DropRule(Check check) {
    this.check = check;
  }

  /// The check that failed.
  public Check check() {
    return check;
  }

  /// The rule that an event with that fault breaks.
  public static DropRule of(PduFault.Kind kind) {
    return switch (kind) {
      case MISSING -> MEMBER_MISSING;
      case WRONG_TYPE -> MEMBER_WRONG_TYPE;
      case BAD_IDENTIFIER -> BAD_IDENTIFIER;
      case OUT_OF_RANGE -> OUT_OF_RANGE;
      case TOO_MANY_REFERENCES -> TOO_MANY_REFERENCES;
      case NOT_CANONICAL -> NOT_CANONICAL;
      case TOO_LARGE -> TOO_LARGE;
    };
  }
}
