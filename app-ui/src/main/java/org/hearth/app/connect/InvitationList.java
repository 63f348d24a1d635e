package org.hearth.app.connect;

import atlantafx.base.theme.Styles;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.connect.ConnectViewModel.Invitations;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.server.admin.Amounts;
import org.hearth.server.admin.TokenSummary;

/// The invitations: registration tokens, as people use them.
final class InvitationList {
  /// A family has few; more than that are told by the command line.
  private static final int MOST = 50;

  private static final double TOKEN = 170;

  private final ConnectViewModel model;
  private final InvitationForms forms;
  private final VBox rows = new VBox(4);
  private final VBox node;

  InvitationList(ConnectViewModel model, Overlay overlay) {
    this.model = model;
    this.forms = new InvitationForms(model, overlay);
    Button invite = Forms.button("invite", "_Invite somebody", forms::ask);
    invite.getStyleClass().add(Styles.ACCENT);
    invite.disableProperty().bind(model.working().or(Bindings.not(ofUse())));
    Button allow = Forms.button("allow-invitations", "_Allow invitations", forms::askToAllow);
    allow.visibleProperty().bind(Bindings.not(ofUse()));
    allow.managedProperty().bind(allow.visibleProperty());
    Label caption = ConnectPage.caption("Invitations");
    caption.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(caption, Priority.ALWAYS);
    HBox head = new HBox(12, caption, allow, invite);
    head.setAlignment(Pos.CENTER_LEFT);
    rows.setId("invitations");
    rows.managedProperty().bind(Bindings.isNotEmpty(rows.getChildren()));
    node = ConnectPage.card(head, Forms.sentence("invitations-hint", "hint", hint()), rows);
    model
        .invitations()
        .addListener((_, before, now) -> {
          if (!now.equals(before)) {
            show(now.all());
          }
        });
  }

  VBox node() {
    return node;
  }

  private BooleanBinding ofUse() {
    return Bindings.createBooleanBinding(
        () -> model.invitations().get().areOfUse(), model.invitations());
  }

  private StringBinding hint() {
    return Bindings.createStringBinding(() -> hint(model.invitations().get()), model.invitations());
  }

  private static String hint(Invitations invitations) {
    switch (invitations.mode()) {
      case CLOSED -> {
        return "Who is invited makes an account without you. The settings do not let them yet: only you make accounts, under People.";
      }
      case OPEN -> {
        return "Anybody who reaches the server can make an account now. Allow invitations, and only who has one can.";
      }
      case TOKEN -> {
        // What is said depends on how many there are.
      }
    }
    int more = invitations.all().size() - MOST;
    return more > 0
        ? "There are %,d more; “hearth token list” lists all.".formatted(more)
        : invitations.all().isEmpty()
            ? "Nobody is invited. Who is, makes an account without you."
            : "";
  }

  private void show(List<TokenSummary> all) {
    rows.getChildren()
        .setAll(
            IntStream.range(0, Math.min(all.size(), MOST))
                .mapToObj(i -> row(i, all.get(i), Instant.now()))
                .toList());
  }

  private Node row(int index, TokenSummary token, Instant now) {
    Label text = new Label(token.token());
    text.getStyleClass().add("link-text");
    text.setMinWidth(TOKEN);
    text.setPrefWidth(TOKEN);
    Label state = new Label(state(token, now));
    state.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(state, Priority.ALWAYS);
    Button show = Forms.button("invitation-show-" + index, "Show", () -> forms.show(token));
    show.setAccessibleText("Show the invitation " + token.token());
    show.setVisible(!isOver(token, now));
    Button end = Forms.button("invitation-end-" + index, "End", () -> forms.askToEnd(token));
    end.setAccessibleText("End the invitation " + token.token());
    show.getStyleClass().add(Styles.SMALL);
    end.getStyleClass().add(Styles.SMALL);
    HBox line = new HBox(12, text, state, show, end);
    line.setAlignment(Pos.CENTER_LEFT);
    line.setMinHeight(Region.USE_PREF_SIZE);
    return line;
  }

  private static boolean isOver(TokenSummary token, Instant now) {
    return isUsedUp(token) || hasExpired(token, now);
  }

  private static boolean isUsedUp(TokenSummary token) {
    return token.usesAllowed().isPresent() && token.used() >= token.usesAllowed().getAsInt();
  }

  private static boolean hasExpired(TokenSummary token, Instant now) {
    return token.expires().filter(end -> !end.isAfter(now)).isPresent();
  }

  /// How many may still come, and until when.
  static String state(TokenSummary token, Instant now) {
    if (isUsedUp(token)) {
      return "used up";
    }
    if (hasExpired(token, now)) {
      return "has expired";
    }
    Optional<String> until = token.expires().map(end -> "until " + Amounts.moment(end));
    String left =
        token.usesAllowed().isPresent()
            ? accounts(token.usesAllowed().getAsInt() - token.used()) + " left"
            : "any number of accounts";
    return until.map(each -> left + ", " + each).orElse(left);
  }

  private static String accounts(int count) {
    return count == 1 ? "1 account" : "%,d accounts".formatted(count);
  }
}
