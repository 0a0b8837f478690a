var e=localStorage.getItem("querist-theme");(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e);
