package org.hearth.app.shell;

import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.StringProperty;
import javafx.scene.control.Label;
import javafx.scene.control.PasswordField;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.VBox;

/// A new password, typed twice, with how hard it is to guess.
public final class PasswordPair extends VBox {
  private final PasswordField password = new PasswordField();
  private final PasswordField again = new PasswordField();

  /// @param id of the first field; the second's ends in `-again`
  public PasswordPair(String id) {
    super(12);
    password.setId(id);
    again.setId(id + "-again");
    ProgressBar bar = new ProgressBar(0);
    bar.setId(id + "-bar");
    bar.setMaxWidth(Double.MAX_VALUE);
    bar.getStyleClass().addAll("strength", "small");
    bar.setFocusTraversable(false);
    Label words = Forms.sentence(id + "-strength", "hint", strengthWords());
    password.textProperty().addListener((_, _, text) -> show(bar, text));
    bar.visibleProperty().bind(password.textProperty().isNotEmpty());
    bar.managedProperty().bind(bar.visibleProperty());
    getChildren()
        .addAll(
            Forms.labelled("Password", password),
            new VBox(4, bar, words),
            Forms.labelled("The password again", again),
            Forms.sentence(id + "-word", "problem", mismatch()));
  }

  /// What was typed first.
  public StringProperty password() {
    return password.textProperty();
  }

  /// What was typed the second time.
  public StringProperty again() {
    return again.textProperty();
  }

  /// Whether both are the same and long enough.
  public BooleanBinding isGood() {
    return Bindings.createBooleanBinding(
        () ->
            password.getText().length() >= PasswordStrength.LEAST
                && password.getText().equals(again.getText()),
        password.textProperty(),
        again.textProperty());
  }

  private StringBinding strengthWords() {
    return Bindings.createStringBinding(
        () ->
            password.getText().isEmpty() ? "" : PasswordStrength.of(password.getText()).sentence(),
        password.textProperty());
  }

  private StringBinding mismatch() {
    return Bindings.createStringBinding(
        () ->
            again.getText().isEmpty() || password.getText().equals(again.getText())
                ? ""
                : "The two passwords differ.",
        password.textProperty(),
        again.textProperty());
  }

  /// How much of the bar is filled, and in which colour.
  private record Gauge(double part, String style) {}

  private static void show(ProgressBar bar, String text) {
    Gauge gauge =
        switch (PasswordStrength.of(text).level()) {
          case TOO_SHORT -> new Gauge(0.25, "low");
          case WEAK -> new Gauge(0.5, "low");
          case FAIR -> new Gauge(0.75, "middle");
          case STRONG -> new Gauge(1, "high");
        };
    bar.setProgress(gauge.part());
    bar.getStyleClass().removeAll("low", "middle", "high");
    bar.getStyleClass().add(gauge.style());
  }
}
