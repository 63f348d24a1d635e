package org.hearth.app.dashboard;

import atlantafx.base.theme.Styles;
import java.time.Instant;
import java.util.List;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Span;
import org.hearth.server.admin.Alert;

/// What needs a look: what happened, to whom, and what to do. It takes no room while there is
/// nothing.
final class AlertList extends VBox {
  private static final int MOST = 3;

  private final Label head = new Label();
  private final Button seen;
  private final Runnable focusPage;
  private List<Alert> shown = List.of();

  /// @param focusPage gives the page the focus, when the button that had it goes
  AlertList(HomeViewModel model, Runnable focusPage) {
    super(8);
    this.focusPage = focusPage;
    setId("alerts");
    getStyleClass().addAll("card", "alert");
    setMinHeight(Region.USE_PREF_SIZE);
    setVisible(false);
    setManaged(false);
    head.getStyleClass().add(Styles.TEXT_BOLD);
    head.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(head, Priority.ALWAYS);
    seen = Forms.button("alerts-seen", "_Seen", model::forgetAlerts);
    HBox line = new HBox(12, head, seen);
    line.setAlignment(Pos.CENTER_LEFT);
    getChildren().add(line);
    model.alerts().addListener((_, _, alerts) -> show(alerts));
  }

  private void show(List<Alert> alerts) {
    if (alerts.equals(shown)) {
      return;
    }
    shown = alerts;
    if (alerts.isEmpty() && seen.isFocused()) {
      focusPage.run();
    }
    head.setText(
        alerts.size() == 1
            ? "Something needs a look"
            : "%,d things need a look".formatted(alerts.size()));
    // The line with the button stays: it may have the focus.
    getChildren().remove(1, getChildren().size());
    for (int i = 0; i < Math.min(MOST, alerts.size()); i++) {
      getChildren().add(sentence(alerts.get(i), i));
    }
    if (alerts.size() > MOST) {
      getChildren().add(Forms.hint("and %,d more.".formatted(alerts.size() - MOST)));
    }
    setVisible(!alerts.isEmpty());
    setManaged(!alerts.isEmpty());
  }

  private static Label sentence(Alert alert, int number) {
    Label label =
        new Label(
            "%s%s: %s %s"
                .formatted(
                    alert.subject(),
                    alert.lasting()
                        ? ""
                        : ", %s ago".formatted(Span.between(alert.raised(), Instant.now())),
                    alert.text(),
                    alert.remedy()));
    label.setId("alert-" + number);
    label.setWrapText(true);
    label.setMinHeight(Region.USE_PREF_SIZE);
    return label;
  }
}
