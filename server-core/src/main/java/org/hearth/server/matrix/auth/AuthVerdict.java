package org.hearth.server.matrix.auth;

import java.util.Objects;

/// What the authorisation rules say of an event against a state.
///
/// A verdict is a value: no event, however malformed, makes the rules throw.
public sealed interface AuthVerdict {
  /// The event is allowed.
  record Allowed() implements AuthVerdict {}

  /// The event is refused.
  ///
  /// @param rule the one rule that refused it; its name is stable and may be stored
  /// @param detail what was expected and what was found, for the operator's log; contains what the
  ///   event's sender wrote
  record Rejected(AuthRule rule, String detail) implements AuthVerdict {
    public Rejected {
      Objects.requireNonNull(rule);
      Objects.requireNonNull(detail);
    }
  }

  /// Whether the event is allowed.
  default boolean isAllowed() {
    return switch (this) {
      case Allowed() -> true;
      case Rejected(_, _) -> false;
    };
  }

  /// The verdict that has nothing to add.
  static AuthVerdict allowed() {
    return new Allowed();
  }

  /// The refusal by a rule.
  static AuthVerdict rejected(AuthRule rule, String detail) {
    return new Rejected(rule, detail);
  }
}
