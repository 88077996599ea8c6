//! The theme that is worn while the interface runs: another one on request, and the same one anew when its file was written.

use super::msg::Msg;
use super::theme::{ColorDepth, Theme, Wardrobe};
use super::themes::Choice;
use std::future;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The theme, and where others come from.
pub struct Dressing {
    theme: Theme,
    name: String,
    depth: ColorDepth,
    wardrobe: Option<Arc<dyn Wardrobe>>,
    news: Option<mpsc::Receiver<()>>,
}

impl Dressing {
    /// This theme is worn, of this name.
    pub fn new(theme: Theme, name: &str, depth: ColorDepth, wardrobe: Option<Arc<dyn Wardrobe>>) -> Dressing {
        let news = wardrobe.as_ref().and_then(|wardrobe| wardrobe.watch(name));
        Dressing { theme, name: name.to_owned(), depth, wardrobe, news }
    }

    /// What the screen is drawn with.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Nobody tells when its file is written: somebody has to look.
    pub fn must_look(&self) -> bool {
        self.news.is_none()
    }

    /// Comes back when its file was written; never, where nobody tells.
    pub async fn changed(&mut self) {
        let told = match &mut self.news {
            Some(news) => news.recv().await,
            None => return future::pending().await,
        };
        if told.is_none() {
            self.news = None;
            future::pending::<()>().await;
        }
    }

    /// Wears the theme of this name from now on, as far as it can be read; what is wrong with it.
    pub fn wear(&mut self, name: &str) -> Option<String> {
        let wardrobe = self.wardrobe.clone()?;
        // First watched, then read: nothing is missed in between.
        self.news = wardrobe.watch(name);
        self.name = name.to_owned();
        let garment = wardrobe.read(name);
        self.theme = Theme::new(&garment.looks, self.depth);
        garment.trouble
    }

    /// Looks again at the theme that is worn. With a fault in it everything stays as it was; `None`: nothing is new.
    pub fn look_again(&mut self) -> Option<Msg> {
        let wardrobe = self.wardrobe.clone()?;
        // The theme it begins with may be another one now.
        self.news = wardrobe.watch(&self.name);
        let garment = wardrobe.read(&self.name);
        if garment.trouble.is_some() {
            return Some(Msg::Dressed(garment.trouble));
        }
        let is_same = self.theme == Theme::new(&garment.looks, self.depth);
        self.theme = Theme::new(&garment.looks, self.depth);
        Some(Msg::Dressed(None)).filter(|_| !is_same)
    }

    /// Reads all there are, beside everything else, and tells them.
    pub fn lay_out(&self, tell: mpsc::UnboundedSender<Msg>) {
        let (Some(wardrobe), depth) = (self.wardrobe.clone(), self.depth) else { return };
        tokio::task::spawn_blocking(move || {
            let choice = |(name, is_own): (String, bool)| {
                let garment = wardrobe.read(&name);
                Choice { theme: Theme::new(&garment.looks, depth), name, is_own, trouble: garment.trouble }
            };
            let _ = tell.send(Msg::Themes(wardrobe.names().into_iter().map(choice).collect()));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Garment, Role, looks_of, read};
    use std::sync::Mutex;

    /// One theme that is written anew.
    #[derive(Debug, Default)]
    struct Drawer {
        text: Mutex<String>,
        told: Mutex<Vec<mpsc::Sender<()>>>,
    }

    impl Drawer {
        fn write(&self, text: &str) {
            *self.text.lock().unwrap() = text.to_owned();
            for told in self.told.lock().unwrap().iter() {
                let _ = told.try_send(());
            }
        }
    }

    impl Wardrobe for Drawer {
        fn names(&self) -> Vec<(String, bool)> {
            vec![("nord".to_owned(), false), ("mine".to_owned(), true)]
        }

        fn read(&self, name: &str) -> Garment {
            if name != "mine" {
                return Garment { looks: looks_of(name), trouble: None };
            }
            let (looks, faults) = read(self.text.lock().unwrap().as_bytes(), &|_| None);
            Garment { looks, trouble: faults.first().map(|fault| format!("mine.ini:{}", fault.line)) }
        }

        fn watch(&self, _name: &str) -> Option<mpsc::Receiver<()>> {
            let (tell, told) = mpsc::channel(1);
            self.told.lock().unwrap().push(tell);
            Some(told)
        }
    }

    #[tokio::test]
    async fn a_file_that_is_written_is_worn_unless_it_is_broken() {
        let drawer = Arc::new(Drawer::default());
        let nord = Theme::new(&looks_of("nord"), ColorDepth::True);
        let mut dressing = Dressing::new(nord.clone(), "nord", ColorDepth::True, Some(drawer.clone()));
        assert_eq!(dressing.wear("mine"), None);
        drawer.write("[theme]\ninherits=nord\n");
        dressing.changed().await;
        assert_eq!(dressing.look_again(), Some(Msg::Dressed(None)));
        assert_eq!(dressing.theme(), &nord);
        assert_eq!(dressing.look_again(), None, "nothing is new");
        drawer.write("[theme]\ninherits=nord\n[roles]\ngood=fat\n");
        dressing.changed().await;
        assert_eq!(dressing.look_again(), Some(Msg::Dressed(Some("mine.ini:4".to_owned()))));
        assert_eq!(dressing.theme(), &nord, "the last good one stays");
        drawer.write("[theme]\ninherits=nord\n[roles]\ngood=bold\n");
        dressing.changed().await;
        assert_eq!(dressing.look_again(), Some(Msg::Dressed(None)));
        assert_ne!(dressing.theme().style(Role::Good), nord.style(Role::Good));
    }

    #[tokio::test]
    async fn all_are_laid_out_each_as_this_terminal_shows_it() {
        let dressing = Dressing::new(Theme::default(), "", ColorDepth::None, Some(Arc::new(Drawer::default())));
        let (tell, mut told) = mpsc::unbounded_channel();
        dressing.lay_out(tell);
        let Some(Msg::Themes(choices)) = told.recv().await else { panic!("they are told") };
        let named: Vec<(&str, bool)> = choices.iter().map(|one| (one.name.as_str(), one.is_own)).collect();
        assert_eq!(named, [("nord", false), ("mine", true)]);
        assert_eq!(choices[0].theme, Theme::new(&looks_of("mono"), ColorDepth::None));
    }
}
