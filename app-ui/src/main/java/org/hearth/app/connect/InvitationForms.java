package org.hearth.app.connect;

import atlantafx.base.theme.Styles;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.admin.TokenSummary;
import org.hearth.server.admin.WayIn.Reach;

/// The cards about invitations: to make one, to show one, to end one, to allow them.
final class InvitationForms {
  private final ConnectViewModel model;
  private final Overlay overlay;

  InvitationForms(ConnectViewModel model, Overlay overlay) {
    this.model = model;
    this.overlay = overlay;
  }

  /// How many accounts can be made with an invitation.
  private record Uses(String words, OptionalInt count) {
    static final List<Uses> ALL =
        List.of(
            new Uses("One account", OptionalInt.of(1)),
            new Uses("2 accounts", OptionalInt.of(2)),
            new Uses("5 accounts", OptionalInt.of(5)),
            new Uses("10 accounts", OptionalInt.of(10)),
            new Uses("Any number", OptionalInt.empty()));

    @Override
    public String toString() {
      return words;
    }
  }

  /// How long an invitation lasts.
  private record Lasts(String words, Optional<Duration> time) {
    static final List<Lasts> ALL =
        List.of(
            new Lasts("A day", Optional.of(Duration.ofDays(1))),
            new Lasts("A week", Optional.of(Duration.ofDays(7))),
            new Lasts("A month", Optional.of(Duration.ofDays(30))),
            new Lasts("Until I end it", Optional.empty()));

    @Override
    public String toString() {
      return words;
    }
  }

  /// Asks for how many and how long.
  void ask() {
    ChoiceBox<Uses> uses = choice("invite-uses", Uses.ALL, 0);
    ChoiceBox<Lasts> lasts = choice("invite-lasts", Lasts.ALL, 1);
    Button make =
        Forms.button(
            "invite-do",
            "_Invite",
            () -> model.invite(uses.getValue().count(), lasts.getValue().time(), this::show));
    make.getStyleClass().add(Styles.ACCENT);
    open(
        "Invite somebody",
        "You get a link to send. Who opens it is told how to make an account on this server.",
        List.of(Forms.labelled("Good for", uses), Forms.labelled("Lasts", lasts)),
        make);
  }

  private static <T> ChoiceBox<T> choice(String id, List<T> all, int first) {
    ChoiceBox<T> choice = new ChoiceBox<>();
    choice.setId(id);
    choice.getItems().setAll(all);
    choice.getSelectionModel().select(first);
    choice.setMaxWidth(Double.MAX_VALUE);
    return choice;
  }

  /// Shows one to send or to scan.
  void show(TokenSummary token) {
    Optional<ConnectSummary> connect = model.connect().get();
    if (connect.isEmpty()) {
      overlay.close();
      return;
    }
    String link = connect.get().best().invitation(token.token());
    QrPicture code =
        new QrPicture(
            "invitation-qr",
            "The invitation as a QR code",
            new SimpleObjectProperty<>(Optional.of(link)));
    HBox middle = new HBox(code);
    middle.setAlignment(Pos.CENTER);
    Button done = Forms.button("invitation-close", "_Close", overlay::close);
    done.setDefaultButton(true);
    done.setCancelButton(true);
    VBox card =
        Forms.card(
            "Invitation",
            "Send the link, or have it scanned with a phone’s camera: %s."
                .formatted(InvitationList.state(token, Instant.now())),
            List.of(
                middle,
                copied("invitation-link", "Link", link),
                copied("invitation-token", "Registration token, if the app asks", token.token()),
                Forms.sentence(
                    "invitation-note",
                    "doubt",
                    new SimpleStringProperty(
                        connect.get().best().reach() == Reach.THIS_COMPUTER
                            ? connect.get().notes().getFirst()
                            : ""))),
            List.of(done));
    overlay.show(card);
  }

  private static VBox copied(String id, String name, String text) {
    Label shown = new Label(text);
    shown.setId(id);
    shown.setWrapText(true);
    shown.setMinHeight(Region.USE_PREF_SIZE);
    shown.setMaxWidth(Double.MAX_VALUE);
    shown.getStyleClass().add("link-text");
    HBox.setHgrow(shown, Priority.ALWAYS);
    Button copy = Forms.button(id + "-copy", "Copy", () -> Forms.copy(text));
    copy.getStyleClass().add(Styles.SMALL);
    HBox line = new HBox(12, shown, copy);
    line.setAlignment(Pos.CENTER_LEFT);
    VBox both = Forms.labelled(name, line);
    copy.setAccessibleText("Copy: " + name);
    return both;
  }

  /// Asks whether one is to end.
  void askToEnd(TokenSummary token) {
    Button end =
        Forms.button("invitation-end-do", "_End it", () -> model.end(token, overlay::close));
    end.getStyleClass().add(Styles.DANGER);
    open(
        "End the invitation %s?".formatted(token.token()),
        "No account can be made with it any more. Accounts that were made with it stay.",
        List.of(),
        end);
  }

  /// Asks whether who is invited may make an account.
  void askToAllow() {
    Button allow =
        Forms.button(
            "allow-do",
            "Allow and _restart",
            () -> {
              overlay.close();
              model.allowInvitations();
            });
    allow.getStyleClass().add(Styles.ACCENT);
    open(
        "Allow invitations?",
        "Whoever has an invitation of yours can then make an account; nobody else can. The server is restarted, which takes a few seconds; apps connect again by themselves.",
        List.of(),
        allow);
  }

  private void open(String title, String explained, List<? extends Node> fields, Button action) {
    model.forgetProblem();
    action.setDefaultButton(true);
    action.disableProperty().bind(model.working());
    Button cancel = Forms.button("invite-cancel", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    List<Node> all = new ArrayList<>(fields);
    all.add(Forms.sentence("invite-problem", "problem", model.problem()));
    overlay.show(Forms.card(title, explained, all, List.of(cancel, action)));
  }
}
