package org.hearth.server.matrix.push;

import java.util.Arrays;
import java.util.Optional;

/// The kinds of rules, "in the order that they are checked".
public enum PushRuleKind {
  /// "The highest priority rules are user-configured overrides."
  OVERRIDE("override"),

  /// Rules for messages with certain words.
  CONTENT("content"),

  /// Rules for a room, which is the rule's id.
  ROOM("room"),

  /// Rules for a sender, who is the rule's id.
  SENDER("sender"),

  /// "identical to `override` rules, but have a lower priority".
  UNDERRIDE("underride");

  private final String word;

  PushRuleKind(String word) {
    this.word = word;
  }

  /// The word for it in JSON and paths.
  public String word() {
    return word;
  }

  /// The kind of that word.
  public static Optional<PushRuleKind> of(String word) {
    return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
  }

  /// True if rules of this kind have conditions of their own.
  public boolean hasConditions() {
    return this == OVERRIDE || this == UNDERRIDE;
  }
}
