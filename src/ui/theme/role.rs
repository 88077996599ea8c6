//! What a piece of the screen means: the one table of roles, for the interface, theme files and the manual.

macro_rules! roles {
    ($($role:ident $name:literal $doc:literal;)*) => {
        /// What a piece of the screen means; how it looks is the theme's affair.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Role {
            $(#[doc = $doc] $role,)*
        }

        impl Role {
            /// Every role, in the order of the enum.
            pub const ALL: &'static [Role] = &[$(Role::$role),*];

            /// Its name in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Role::$role => $name,)*
                }
            }

            /// What it is for, in a sentence without a stop.
            pub fn doc(self) -> &'static str {
                match self {
                    $(Role::$role => $doc,)*
                }
            }
        }
    };
}

roles! {
    Text "text" "Ordinary text; its background is that of the screen";
    Dim "dim" "Less important text";
    Strong "strong" "Text that stands out: names, numbers";
    Brand "brand" "The program's name";
    Title "title" "Titles of panels";
    Border "border" "Borders of panels";
    BorderFocus "border-focus" "The border of the panel that takes the keys";
    Good "good" "All is well: registered, talking";
    Pending "pending" "On its way: registering, ringing, on hold";
    Bad "bad" "Something failed";
    Alert "alert" "A muted microphone, a warning: must be seen";
    Incoming "incoming" "The banner of an incoming call";
    Key "key" "A key one can press";
    Pressed "pressed" "A key of the dial pad while it is pressed";
    Selected "selected" "The chosen line of a list";
    LevelNormal "level-normal" "A quiet to normal level";
    LevelLoud "level-loud" "A loud level";
    LevelClip "level-clip" "A level about to clip";
    LevelPast "level-past" "The levels of the last seconds";
    LevelEmpty "level-empty" "The empty part of a meter";
}

impl Role {
    /// The one of this name.
    pub fn find(name: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|role| role.name().eq_ignore_ascii_case(name))
    }

    /// Its place among all.
    pub(super) fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_name_and_stands_in_its_place() {
        for (place, role) in Role::ALL.iter().enumerate() {
            assert_eq!((Role::find(role.name()), role.place()), (Some(*role), place));
            assert!(!role.doc().ends_with('.'));
        }
        assert_eq!(Role::find("nonsense"), None);
    }
}
