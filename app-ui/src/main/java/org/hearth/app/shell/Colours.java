package org.hearth.app.shell;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.beans.value.ObservableValue;

/// The panel's light and dark colours.
///
/// **thread**: the JavaFX thread.
public final class Colours {
  private Colours() {}

  /// Uses the light or dark colours of the system, now and whenever they change.
  ///
  /// @param scheme the system's
  public static void follow(ObservableValue<ColorScheme> scheme) {
    wear(scheme.getValue());
    scheme.addListener((_, _, now) -> wear(now));
  }

  private static void wear(ColorScheme scheme) {
    Application.setUserAgentStylesheet(
        switch (scheme) {
          case LIGHT -> new PrimerLight().getUserAgentStylesheet();
          case DARK -> new PrimerDark().getUserAgentStylesheet();
        });
  }
}
