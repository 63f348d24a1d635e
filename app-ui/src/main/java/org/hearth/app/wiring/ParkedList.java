package org.hearth.app.wiring;

import atlantafx.base.theme.Styles;
import java.time.Instant;
import java.util.List;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.app.shell.Span;
import org.hearth.server.admin.ParkedEntries;

/// Entries that could not be handled: what happened, and the two things that can be done. It takes
/// no room while there are none.
final class ParkedList extends VBox {
  private static final int MOST = 3;
  private static final double TOOLTIP_WIDTH = 640;

  private final WiringViewModel model;
  private final Overlay overlay;
  private List<ParkedEntries> shown = List.of();

  ParkedList(WiringViewModel model, Overlay overlay) {
    super(8);
    this.model = model;
    this.overlay = overlay;
    setId("parked");
    getStyleClass().addAll("card", "alert");
    setVisible(false);
    setManaged(false);
    model.parked().addListener((_, _, parked) -> show(parked));
  }

  private void show(List<ParkedEntries> parked) {
    if (parked.equals(shown)) {
      return;
    }
    shown = parked;
    getChildren().clear();
    Label head =
        new Label(
            parked.size() == 1
                ? "One part of the work is parked; everything else goes on."
                : "%,d parts of the work are parked; everything else goes on."
                    .formatted(parked.size()));
    head.getStyleClass().add(Styles.TEXT_BOLD);
    getChildren().add(head);
    for (int i = 0; i < Math.min(MOST, parked.size()); i++) {
      getChildren().add(line(parked.get(i), i));
    }
    if (parked.size() > MOST) {
      getChildren()
          .add(
              Forms.hint("and %,d more; hearth parked lists all.".formatted(parked.size() - MOST)));
    }
    setVisible(!parked.isEmpty());
    setManaged(!parked.isEmpty());
  }

  private HBox line(ParkedEntries each, int number) {
    Label what =
        new Label(
            "%s of %s for %s, %s ago. %s"
                .formatted(
                    each.entries() == 1 ? "1 entry" : "%,d entries".formatted(each.entries()),
                    each.log(),
                    each.key(),
                    Span.between(each.since(), Instant.now()),
                    ParkedFailure.inShort(each.failure()))
                .strip());
    Tooltip whole = new Tooltip(each.failure());
    whole.setWrapText(true);
    whole.setMaxWidth(TOOLTIP_WIDTH);
    what.setTooltip(whole);
    what.setId("parked-" + number);
    what.setWrapText(true);
    what.setMinHeight(Region.USE_PREF_SIZE);
    what.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(what, Priority.ALWAYS);
    Button retry = Forms.button("parked-retry-" + number, "_Retry", () -> model.retryParked(each));
    Button discard = Forms.button("parked-discard-" + number, "_Discard", () -> ask(each));
    retry.disableProperty().bind(model.working());
    discard.disableProperty().bind(model.working());
    HBox line = new HBox(12, what, retry, discard);
    line.setAlignment(Pos.CENTER_LEFT);
    return line;
  }

  private void ask(ParkedEntries each) {
    Button cancel = Forms.button("parked-keep", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    Button discard =
        Forms.button(
            "parked-discard-do",
            "_Discard",
            () -> {
              overlay.close();
              model.discardParked(each);
            });
    discard.getStyleClass().add(Styles.DANGER);
    overlay.show(
        Forms.card(
            "Discard the entry that failed?",
            "It belongs to %s. It is dropped for good; the entries behind it are handled then."
                .formatted(each.key()),
            List.of(),
            List.of(cancel, discard)));
  }
}
