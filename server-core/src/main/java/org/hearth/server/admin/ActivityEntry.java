package org.hearth.server.admin;

import java.time.Instant;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Noted;

/// Something that happened on this server, in words.
///
/// @param number counts up
/// @param time when
/// @param text what, in a sentence
/// @param by who did it and from where
/// @param trouble whether somebody should look at it
public record ActivityEntry(long number, Instant time, String text, String by, boolean trouble) {
  static ActivityEntry of(Noted noted) {
    Happening happening = noted.happening();
    return new ActivityEntry(
        noted.number(),
        noted.time(),
        text(happening),
        happening.by(),
        switch (happening.kind()) {
          case SERVER_FAILED,
              SERVER_BROKE_OFF,
              SIGN_IN_FAILED,
              BACKUP_FAILED,
              REPORTED,
              MEDIA_LOST,
              MEDIA_DAMAGED ->
              true;
          default -> false;
        });
  }

  private static String text(Happening happening) {
    String sentence =
        switch (happening.kind()) {
          case SERVER_STARTED -> "The server started.%s";
          case SERVER_STOPPED -> "The server was stopped.%s";
          case SERVER_FAILED -> "The server failed: %s";
          case SERVER_BROKE_OFF ->
              happening.subject().isEmpty()
                  ? "The server was not stopped in order before this start: it was killed, it crashed, or the computer went off.%s"
                  : "%s";
          case ACCOUNT_MADE -> "The account %s was made.";
          case ACCOUNT_CLOSED -> "The account %s was closed for good.";
          case ACCOUNT_LOCKED -> "The account %s was locked.";
          case ACCOUNT_UNLOCKED -> "The account %s was unlocked.";
          case OWNER_MADE -> "%s became an owner.";
          case MEMBER_MADE -> "%s became a member.";
          case PASSWORD_CHANGED -> "%s changed the password.";
          case PASSWORD_RESET -> "%s got a new password and was signed out.";
          case SIGNED_IN -> "%s signed in.";
          case SIGNED_OUT -> "%s signed out.";
          case SIGN_IN_FAILED -> "A wrong password for %s.";
          case REPORTED -> "Reported: %s";
          case TOKEN_MADE -> "The registration token %s was made.";
          case TOKEN_ENDED -> "The registration token %s was withdrawn.";
          case NOTICE_SENT -> "A notice was sent to %s.";
          case KEY_ROTATED -> "This server signs with a new key, %s.";
          case BACKUP_MADE -> "The backup %s was made.";
          case BACKUP_RESTORED ->
              "The backup %s was restored. What happened after it was made is not known here.";
          case BACKUP_FAILED -> "The backup %s could not be made.";
          case MEDIA_LOST ->
              "Files of media are lost: %s. Put them back into media/ from a backup within a week, or they are forgotten.";
          case MEDIA_DAMAGED ->
              "The file %s in media/ is damaged, and nobody gets it. Put it back from a backup, or delete it.";
        };
    return sentence.formatted(happening.subject());
  }
}
